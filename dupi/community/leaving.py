"""What the board does when a person leaves: the eraser of this noun."""

from typing import TYPE_CHECKING, Any, Final

from pymongo.asynchronous.collection import AsyncCollection

from dupi.community import images
from dupi.community.commenting import empty
from dupi.community.liking import take_back
from dupi.community.models import NOBODY, Block, Comment, Like, Post, PostImage, Report
from dupi.community.posting import delete_post, finish_deleting_posts
from dupi.documents import StoredDocument
from dupi.errors import Unavailable
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_KEPT: Final = {"keeping": Keeping.KEPT.value}
_NO_ANALYSIS: Final = {"analysis_id": "", "share": []}


async def erase(resources: "Resources", user_id: str, *, keep_posts: bool) -> None:
    """Remove everything of a person; with ``keep_posts``, posts and comments stay without their
    author and without results. Counters stay exact. Safe to repeat.

    Raises Unavailable while something of the person's is still coming about: repeat it later.
    """
    await _take_back_likes(user_id)
    if keep_posts:
        await _let_go_of_content(user_id)
    else:
        await _remove_content(resources, user_id)
    await images.remove_images(resources, {"owner_id": user_id})
    for side in ("blocker_id", "blocked_id"):
        await _rows(Block).delete_many({side: user_id})
    await _rows(Report).update_many(
        {"reporter_id": user_id}, {"$set": {"reporter_id": NOBODY, "note": ""}}
    )
    await _check_nothing_left(user_id)


async def _take_back_likes(user_id: str) -> None:
    for row in await _rows(Like).find({"user_id": user_id}, {"_id": 1}).to_list():
        await take_back(row["_id"])


async def _let_go_of_content(user_id: str) -> None:
    own = {"author_id": user_id}
    gone = {"author_id": NOBODY}
    posts = await _rows(Post).find(own, {"images": 1}).to_list()
    shown = [image["id"] for post in posts for image in post["images"]]
    if shown:
        await _rows(PostImage).update_many(
            {"_id": {"$in": shown}, "owner_id": user_id}, {"$set": {"owner_id": NOBODY}}
        )
    await _rows(Post).update_many(own, {"$set": gone | _NO_ANALYSIS})
    await _rows(Comment).update_many(own, {"$set": gone})


async def _remove_content(resources: "Resources", user_id: str) -> None:
    for row in await _rows(Post).find({"author_id": user_id} | _KEPT, {"_id": 1}).to_list():
        await delete_post(resources, author_id=user_id, post_id=row["_id"])
    await finish_deleting_posts(resources)
    for row in await _rows(Comment).find({"author_id": user_id}, {"_id": 1}).to_list():
        await empty({"_id": row["_id"], "author_id": user_id})


async def _check_nothing_left(user_id: str) -> None:
    """Raises Unavailable where a call of the person's was still at work, or was cut off."""
    for kind, field in ((Like, "user_id"), (Post, "author_id"), (Comment, "author_id")):
        if await _rows(kind).find_one({field: user_id}, {"_id": 1}) is not None:
            raise Unavailable("something is still coming about", retry_after_seconds=60)


def _rows(kind: type[StoredDocument]) -> AsyncCollection[dict[str, Any]]:
    return kind.get_pymongo_collection()
