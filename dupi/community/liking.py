"""Liking a post, and taking it back: each as often as one likes, counted once."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.adapters.limits import Limit
from dupi.community.counting import count, forget, fresh_debt, take_over
from dupi.community.models import Like, Post
from dupi.community.reading import get_post, like_id, require_open_post
from dupi.errors import RateLimited
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_KEPT: Final = {"keeping": Keeping.KEPT.value}
_TRIES: Final = 20
_PAUSE_S: Final = 0.05


async def like_post(resources: "Resources", *, user_id: str, post_id: str) -> Post:
    """The post, liked. Raises NotFound, RateLimited."""
    await _pace(resources, user_id)
    await require_open_post(post_id)
    for _ in range(_TRIES):
        if await _like(user_id, post_id):
            return await get_post(post_id=post_id, viewer_id=user_id)
        await asyncio.sleep(_PAUSE_S)  # another call of this person is taking it back just now
    raise RateLimited("liked and unliked at once", retry_after_seconds=1)


async def unlike_post(resources: "Resources", *, user_id: str, post_id: str) -> Post:
    """The post, not liked. Raises NotFound, RateLimited."""
    await _pace(resources, user_id)
    await get_post(post_id=post_id, viewer_id=user_id)
    for _ in range(_TRIES):
        if await take_back(like_id(post_id, user_id)):
            return await get_post(post_id=post_id, viewer_id=user_id)
        await asyncio.sleep(_PAUSE_S)  # another call of this person is liking it just now
    raise RateLimited("liked and unliked at once", retry_after_seconds=1)


async def take_back(identity: str) -> bool:
    """Remove a like; False while it is only just coming about."""
    row = await _likes().find_one_and_update(
        {"_id": identity, "counts": True, "owed_at_ms": 0},
        {"$set": {"counts": False} | fresh_debt()},
        return_document=ReturnDocument.AFTER,
    )
    if row is not None:
        await _settle(Like.from_row(row))
        return True
    return await _likes().find_one({"_id": identity, "counts": True}, {"_id": 1}) is None


async def finish_likes() -> int:
    """Finish what was cut off; how many."""
    late = await take_over(Like)
    for like in late:
        await _settle(like)
    return len(late)


async def _like(user_id: str, post_id: str) -> bool:
    """False while the like before is being taken back."""
    identity = like_id(post_id, user_id)
    like = Like.from_row({"_id": identity, "post_id": post_id, "user_id": user_id} | fresh_debt())
    try:
        await like.insert()
    except DuplicateKeyError:
        where = {"_id": identity, "counts": True}
        return await _likes().find_one(where, {"_id": 1}) is not None
    await _settle(like)
    return True


async def _settle(like: Like) -> None:
    """Let the post's counter know. What is taken back, or has lost its post, goes."""
    is_known = await count(Post, like.post_id, "like_count", like, only=_KEPT)
    where = {"_id": like.id, "op": like.op}
    if like.counts and is_known:
        await _likes().update_one(where, {"$set": {"owed_at_ms": 0}})
    else:
        await _likes().delete_one(where)
    await forget(Post, like.post_id, like)


async def _pace(resources: "Resources", user_id: str) -> None:
    limits = resources.settings.community
    limit = Limit(limits.likes_per_person, limits.like_refill_seconds)
    await resources.limits.take(f"like:{user_id}", limit)


def _likes() -> AsyncCollection[dict[str, Any]]:
    return Like.get_pymongo_collection()
