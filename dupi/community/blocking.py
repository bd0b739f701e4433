"""Whom a person does not want to read: their posts and comments leave that person's lists."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.accounts.service import get_user
from dupi.adapters.limits import Limit
from dupi.community.models import Block
from dupi.errors import FieldErrorCode, InvalidInput

if TYPE_CHECKING:
    from dupi.accounts.models import User
    from dupi.resources import Resources

MAX_BLOCKED: Final = 500
"""All of them are part of every list's filter."""


async def blocked_by(user_id: str) -> list[str]:
    rows = await _blocks().find({"blocker_id": user_id}, {"blocked_id": 1}).to_list()
    return [row["blocked_id"] for row in rows]


async def blocked_among(*, user_id: str, author_ids: Sequence[str]) -> set[str]:
    """Which of these a person has blocked, in one read."""
    ids = [_id(user_id, author_id) for author_id in author_ids]
    rows = await _blocks().find({"_id": {"$in": ids}}, {"blocked_id": 1}).to_list()
    return {row["blocked_id"] for row in rows}


async def block_author(resources: "Resources", *, user_id: str, author_id: str) -> "User":
    """Who is blocked now; doing it again changes nothing.

    Raises NotFound, InvalidInput (``authorId``: oneself, or too many), RateLimited.
    """
    await _pace(resources, user_id)
    if author_id == user_id:
        raise InvalidInput.at("authorId")
    author = await get_user(resources, user_id=author_id)
    if await _blocks().count_documents({"blocker_id": user_id}, limit=MAX_BLOCKED) >= MAX_BLOCKED:
        raise InvalidInput.at("authorId", code=FieldErrorCode.TOO_MANY)
    block = Block(id=_id(user_id, author_id), blocker_id=user_id, blocked_id=author_id)
    with suppress(DuplicateKeyError):
        await block.insert()
    return author


async def unblock_author(resources: "Resources", *, user_id: str, author_id: str) -> "User":
    """Who is not blocked now. Raises NotFound, RateLimited."""
    await _pace(resources, user_id)
    author = await get_user(resources, user_id=author_id)
    await _blocks().delete_one({"_id": _id(user_id, author_id)})
    return author


async def _pace(resources: "Resources", user_id: str) -> None:
    limits = resources.settings.community
    limit = Limit(limits.likes_per_person, limits.like_refill_seconds)
    await resources.limits.take(f"block:{user_id}", limit)


def _id(blocker_id: str, blocked_id: str) -> str:
    return f"{blocker_id}:{blocked_id}"


def _blocks() -> AsyncCollection[dict[str, Any]]:
    return Block.get_pymongo_collection()
