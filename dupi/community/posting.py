"""Writing posts, changing and deleting them."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from dupi.adapters.limits import Limit
from dupi.analyses.sharing import get_shareable
from dupi.clock import utc_now
from dupi.community import images
from dupi.community.drafts import Changes, Draft, applied, read_draft
from dupi.community.models import AttachedImage, Comment, Like, Post
from dupi.community.reading import get_post
from dupi.community.search import searchable
from dupi.community.texts import excerpt_of
from dupi.documents import plain
from dupi.errors import (
    Conflict,
    NotFound,
    Unavailable,
)
from dupi.idempotency import fingerprint, once
from dupi.ids import sort_key
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_KEPT: Final = {"keeping": Keeping.KEPT.value}
_DELETING: Final = {"keeping": Keeping.DELETING.value}
_TRIES: Final = 5
_AT_ONCE: Final = 100


async def create_post(
    resources: "Resources", *, author_id: str, draft: Draft, idempotency_key: str | None = None
) -> Post:
    """Raises InvalidInput, NotFound (an image, the analysis), Conflict (key), RateLimited."""
    read = read_draft(draft)
    await _pace(resources, author_id)
    return await once(
        person_id=author_id,
        operation="createPost",
        key=idempotency_key,
        fingerprint=fingerprint(plain(draft)),
        make=partial(_make, resources, author_id, read),
        find=lambda post_id: get_post(post_id=post_id, viewer_id=author_id),
    )


async def update_post(
    resources: "Resources", *, author_id: str, post_id: str, changes: Changes
) -> Post:
    """Change what is named. Raises InvalidInput, NotFound, RateLimited, Unavailable (others change
    it at the same time, again and again)."""
    await _pace(resources, author_id)
    for _ in range(_TRIES):
        post = await _own(author_id, post_id)
        changed = await _change(resources, post, read_draft(applied(post, changes)))
        if changed is not None:
            return changed
    raise Unavailable("it changes all the time", reason="post_busy", retry_after_seconds=1)


async def delete_post(resources: "Resources", *, author_id: str, post_id: str) -> str:
    """Delete a post with its images, comments and likes; its id. Raises NotFound.

    It is marked first, so that it is gone for everyone; upkeep finishes what is cut off.
    """
    where = {"_id": post_id, "author_id": author_id} | _KEPT
    marked = await _posts().update_one(where, {"$set": _DELETING})
    if not marked.matched_count:
        raise NotFound(f"no post {post_id}")
    await _remove(resources, post_id)
    return post_id


async def finish_deleting_posts(resources: "Resources") -> int:
    """Finish deletions that were cut off; how many."""
    marked = await _posts().find(_DELETING, {"_id": 1}).limit(_AT_ONCE).to_list()
    for row in marked:
        await _remove(resources, row["_id"])
    return len(marked)


async def _pace(resources: "Resources", author_id: str) -> None:
    limits = resources.settings.community
    limit = Limit(limits.posts_per_person, limits.post_refill_seconds)
    await resources.limits.take(f"post:{author_id}", limit)


async def _own(author_id: str, post_id: str) -> Post:
    row = await _posts().find_one({"_id": post_id, "author_id": author_id} | _KEPT)
    if row is None:
        raise NotFound(f"no post {post_id}")
    return Post.from_row(row)


async def _make(resources: "Resources", author_id: str, draft: Draft, post_id: str) -> Post:
    if made := await _posts().find_one({"_id": post_id}):  # by a call that was cut off
        if made["keeping"] != Keeping.KEPT.value:
            raise Conflict("what this key made is gone", reason="idempotency_key")
        return Post.from_row(made)
    await _check_analysis(resources, author_id, draft)
    shown = await images.attach(owner_id=author_id, post_id=post_id, image_ids=draft.image_ids)
    now = utc_now()
    post = Post.from_row(
        {"_id": post_id, "author_id": author_id, "created_at": now}
        | {"sort_key": sort_key(now, post_id)}
        | _fields(draft, shown)
    )
    try:
        await post.insert()
    except BaseException:
        await images.let_go(owner_id=author_id, post_id=post_id, image_ids=draft.image_ids)
        raise
    await images.settle(post)
    return post


async def _change(resources: "Resources", post: Post, draft: Draft) -> Post | None:
    """``None``: it is not as it was read any more."""
    if draft.analysis_id is not None and draft.analysis_id != post.analysis_id:
        await _check_analysis(resources, post.author_id, draft)
    shown = await images.attach(owner_id=post.author_id, post_id=post.id, image_ids=draft.image_ids)
    changes = _fields(draft, shown) | {"edited_at": utc_now()}
    row = await _posts().find_one_and_update(
        {"_id": post.id, "revision": post.revision} | _KEPT,
        {"$set": changes, "$inc": {"revision": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return None
    changed = Post.from_row(row)
    await images.settle(changed)
    gone = {image.id for image in post.images} - set(draft.image_ids)
    await images.release(resources, post_id=post.id, image_ids=sorted(gone))
    return changed


async def _check_analysis(resources: "Resources", author_id: str, draft: Draft) -> None:
    """Raises NotFound where it is not the author's, or not there to be shared."""
    if draft.analysis_id is not None:
        await get_shareable(resources, owner_id=author_id, analysis_id=draft.analysis_id)


def _fields(draft: Draft, shown: Sequence[AttachedImage]) -> dict[str, Any]:
    fields: dict[str, Any] = plain(
        {
            "board": draft.board,
            "title": draft.title,
            "body": draft.body,
            "excerpt": excerpt_of(draft.body),
            "images": list(shown),
            "analysis_id": draft.analysis_id or "",
            "share": draft.share,
        }
    )
    return fields | searchable(draft.title, draft.body)


async def _remove(resources: "Resources", post_id: str) -> None:
    """What hangs on a post that is marked, then the post. What comes meanwhile finds it gone."""
    await images.remove_images(resources, {"post_id": post_id})
    await Comment.get_pymongo_collection().delete_many({"post_id": post_id})
    await Like.get_pymongo_collection().delete_many({"post_id": post_id})
    await _posts().delete_one({"_id": post_id} | _DELETING)


def _posts() -> AsyncCollection[dict[str, Any]]:
    return Post.get_pymongo_collection()
