"""Reading posts and comments: each with its place in a list, without what lists do not show.

What is hidden is there for its author and for operators alone; in lists of all people for nobody.
A hidden comment stays as a place in the thread, as a deleted one does that has replies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dupi.community.blocking import blocked_by
from dupi.community.models import Board, Comment, Like, Post
from dupi.community.search import search_filter
from dupi.errors import NotFound
from dupi.paging import Page, PageRequest, fetch_page
from dupi.pictures import Keeping

_KEPT: Final = {"keeping": Keeping.KEPT.value}
_OPEN: Final = _KEPT | {"is_hidden": False}
_NOT_SHOWN: Final = ("search_text", "grams", "counting", "owed_audits")
_NOT_IN_LISTS: Final = (*_NOT_SHOWN, "body")


@dataclass(frozen=True, slots=True)
class PostFilter:
    """``search``: words, or parts of words, that title or body hold."""

    board: Board | None = None
    search: str | None = None


async def get_post(*, post_id: str, viewer_id: str | None, is_operator: bool = False) -> Post:
    """Raises NotFound, also for one that is hidden from this viewer."""
    shown = dict.fromkeys(_NOT_SHOWN, 0)
    row = await Post.get_pymongo_collection().find_one({"_id": post_id} | _KEPT, shown)
    if row is None or not (may_see(Post.from_row(row), viewer_id) or is_operator):
        raise NotFound(f"no post {post_id}")
    return Post.from_row(row)


async def require_open_post(post_id: str) -> None:
    """Raises NotFound where it is gone or hidden: there is nothing to like or to answer."""
    found = await Post.get_pymongo_collection().find_one({"_id": post_id} | _OPEN, {"_id": 1})
    if found is None:
        raise NotFound(f"no post {post_id}")


def may_see(content: Post | Comment, viewer_id: str | None) -> bool:
    return not content.is_hidden or (viewer_id is not None and content.author_id == viewer_id)


async def list_posts(
    *, viewer_id: str | None, page: PageRequest, where: PostFilter = PostFilter()
) -> Page[Post]:
    """Newest first, without bodies: see ``load_bodies``. Raises InvalidInput (``search``)."""
    query: dict[str, Any] = _OPEN | search_filter(where.search)
    if where.board:
        query["board"] = where.board.value
    query |= await _unblocked(viewer_id)
    return await fetch_page(Post, query, page, leave_out=_NOT_IN_LISTS)


async def list_posts_of(*, author_id: str, page: PageRequest) -> Page[Post]:
    """All of one's own, newest first, without bodies."""
    query = {"author_id": author_id} | _KEPT
    return await fetch_page(Post, query, page, leave_out=_NOT_IN_LISTS)


async def load_bodies(post_ids: Sequence[str]) -> dict[str, str]:
    """In one read; of posts that are still there."""
    rows = Post.get_pymongo_collection().find({"_id": {"$in": list(post_ids)}}, {"body": 1})
    return {row["_id"]: row["body"] for row in await rows.to_list()}


async def get_comment(*, comment_id: str) -> Comment:
    """Raises NotFound, also where its post is gone or hidden."""
    where = {"_id": comment_id} | _KEPT
    row = await Comment.get_pymongo_collection().find_one(where, {"counting": 0})
    if row is None:
        raise NotFound(f"no comment {comment_id}")
    return Comment.from_row(row)


async def list_comments(
    *, post_id: str, parent_id: str = "", viewer_id: str | None, page: PageRequest
) -> Page[Comment]:
    """Of a post, or the replies to one of its comments: oldest first."""
    query = {"post_id": post_id, "parent_id": parent_id} | _KEPT | await _unblocked(viewer_id)
    return await fetch_page(Comment, query, page, newest_first=False, leave_out=("counting",))


async def liked_among(*, user_id: str, post_ids: Sequence[str]) -> set[str]:
    """Which of these posts a person likes, in one read."""
    ids = [like_id(post_id, user_id) for post_id in post_ids]
    where = {"_id": {"$in": ids}, "counts": True}
    rows = await Like.get_pymongo_collection().find(where, {"post_id": 1}).to_list()
    return {row["post_id"] for row in rows}


def like_id(post_id: str, user_id: str) -> str:
    return f"{post_id}:{user_id}"


async def _unblocked(viewer_id: str | None) -> dict[str, Any]:
    blocked = await blocked_by(viewer_id) if viewer_id else []
    return {"author_id": {"$nin": blocked}} if blocked else {}
