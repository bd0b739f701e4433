"""Sessions: opened by a log-in, kept by rotating refresh tokens, ended by deleting them."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from dupi.accounts.fields import read_user_agent
from dupi.accounts.models import Session, User
from dupi.accounts.tokens import RefreshToken
from dupi.clock import epoch_ms, utc_now
from dupi.errors import InvalidCredentials
from dupi.ids import new_id, sort_key

if TYPE_CHECKING:
    from dupi.settings import AccountSettings


async def open_session(
    settings: "AccountSettings", user: User, user_agent: str | None
) -> tuple[Session, RefreshToken]:
    """A new session of this person; the oldest go where there are too many."""
    token, now, session_id = RefreshToken.new(), utc_now(), new_id()
    session = Session(
        id=session_id,
        user_id=user.id,
        role=user.role,
        credentials=user.credentials,
        family=token.family,
        refresh_hash=token.verifier_hash,
        refresh_expires_at_ms=_expiry(settings),
        user_agent=read_user_agent(user_agent),
        created_at=now,
        last_used_at=now,
        sort_key=sort_key(now, session_id),
    )
    await session.insert()
    await _drop_surplus(user.id, settings.max_sessions)
    return session, token


async def rotate(settings: "AccountSettings", token: RefreshToken) -> tuple[Session, RefreshToken]:
    """Spend ``token`` and give the next one. A spent one ends its session.

    Raises InvalidCredentials.
    """
    fresh = RefreshToken.new(token.family)
    row = await _sessions().find_one_and_update(
        {
            "family": token.family,
            "refresh_hash": token.verifier_hash,
            "refresh_expires_at_ms": {"$gt": epoch_ms(utc_now())},
        },
        {
            "$set": {
                "refresh_hash": fresh.verifier_hash,
                "refresh_expires_at_ms": _expiry(settings),
                "last_used_at": utc_now(),
            }
        },
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        await _sessions().delete_one({"family": token.family})
        raise InvalidCredentials("the refresh token is spent, expired or unknown")
    return Session.from_row(row), fresh


async def find_session(session_id: str, *, user_id: str) -> Session | None:
    session = await Session.get(session_id)
    return session if session is not None and session.user_id == user_id else None


async def list_newest(user_id: str, count: int) -> list[Session]:
    rows = _sessions().find({"user_id": user_id}).sort("sort_key", DESCENDING).limit(count)
    return [Session.from_row(row) async for row in rows]


async def end_session(session_id: str, *, user_id: str) -> bool:
    """Whether there was one."""
    ended = await _sessions().delete_one({"_id": session_id, "user_id": user_id})
    return ended.deleted_count > 0


async def end_other_sessions(user_id: str, *, keep: str) -> None:
    await _sessions().delete_many({"user_id": user_id, "_id": {"$ne": keep}})


async def end_all_sessions(user_id: str) -> None:
    await _sessions().delete_many({"user_id": user_id})


async def _drop_surplus(user_id: str, most: int) -> None:
    expired = {"user_id": user_id, "refresh_expires_at_ms": {"$lt": epoch_ms(utc_now())}}
    await _sessions().delete_many(expired)
    newest = await list_newest(user_id, most + 1)
    if len(newest) > most:
        oldest_kept = newest[most - 1].sort_key
        await _sessions().delete_many({"user_id": user_id, "sort_key": {"$lt": oldest_kept}})


def _expiry(settings: "AccountSettings") -> int:
    return epoch_ms(utc_now() + timedelta(seconds=settings.refresh_token_seconds))


def _sessions() -> AsyncCollection[dict[str, Any]]:
    return Session.get_pymongo_collection()
