"""Do a thing once per person, operation and key, however often it is asked for.

The id of what will be made is drawn before it is made and kept with the key. So a second call
after a crash makes the same thing, not another one.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final, Generic, TypeVar

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.clock import epoch_ms, utc_now
from dupi.documents import StoredDocument
from dupi.errors import (
    Conflict,
    DupiError,
    FieldErrorCode,
    InvalidInput,
    NotFound,
    RetryLater,
    Unavailable,
)
from dupi.ids import new_id

T = TypeVar("T")

KEPT: Final = timedelta(hours=24)
BUSY: Final = timedelta(seconds=60)
"""How long a call may be at work before another with its key takes over."""
MAX_KEY_LENGTH: Final = 255


class IdempotencyRecord(StoredDocument):
    """``id`` is made of person, operation and key; ``fingerprint`` stands for the input."""

    person_id: str
    fingerprint: str
    result_id: str
    done: bool = False
    busy_until_ms: int
    expires_at_ms: int

    class Settings:
        name = "idempotency"
        indexes: ClassVar = [
            IndexModel([("expires_at_ms", ASCENDING)], name="expires"),
            IndexModel([("person_id", ASCENDING)], name="person"),
        ]


@dataclass(frozen=True, slots=True)
class _Task(Generic[T]):
    make: Callable[[str], Awaitable[T]]
    find: Callable[[str], Awaitable[T]]


async def once(  # noqa: PLR0913
    *,
    person_id: str,
    operation: str,
    key: str | None,
    fingerprint: str,
    make: Callable[[str], Awaitable[T]],
    find: Callable[[str], Awaitable[T]],
) -> T:
    """The result of ``make(id)``, or of ``find(id)`` where it was made before with this key.

    ``make`` stores its result under the id that it is given; one that refuses leaves the key free.
    ``find`` raises NotFound where nothing has that id. Without a key, ``make`` just runs.
    Raises Conflict where the key was used with another input or its result is gone, Unavailable
    while another call with it is still at work, InvalidInput (``idempotencyKey``).
    """
    if key is None:
        return await make(new_id())
    record_id = _record_id(person_id, operation, key)
    await _drop_expired(record_id)
    record = await _begin(record_id, person_id, fingerprint)
    if record:
        return await _make(record, make)
    return await _again(record_id, fingerprint, _Task(make, find))


def fingerprint(*parts: object) -> str:
    """A short stable text for an input made of these parts (text, bytes, numbers, lists, dicts)."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=_digest)
    return hashlib.sha256(text.encode()).hexdigest()


async def forget_person(person_id: str) -> None:
    """Remove a person's keys."""
    await _records().delete_many({"person_id": person_id})


async def purge_expired() -> int:
    """Remove keys that are over; how many. Safe to call at any time."""
    result = await _records().delete_many({"expires_at_ms": {"$lt": epoch_ms(utc_now())}})
    return result.deleted_count


async def _begin(record_id: str, person_id: str, fingerprint: str) -> IdempotencyRecord | None:
    """Take the key; ``None`` where it is taken already."""
    now = epoch_ms(utc_now())
    record = IdempotencyRecord(
        id=record_id,
        person_id=person_id,
        fingerprint=fingerprint,
        result_id=new_id(),
        busy_until_ms=now + _milliseconds(BUSY),
        expires_at_ms=now + _milliseconds(KEPT),
    )
    try:
        await record.insert()
    except DuplicateKeyError:
        return None
    return record


async def _make(record: IdempotencyRecord, make: Callable[[str], Awaitable[T]]) -> T:
    """A refusal frees the key. After anything else (cut off, away) the result may be there or not:
    the key stays, and the next call takes over under the same id."""
    try:
        result = await make(record.result_id)
    except DupiError as refusal:
        if isinstance(refusal, RetryLater):
            await _release(record)
        else:
            await _records().delete_one({"_id": record.id})
        raise
    except BaseException:
        await _release(record)
        raise
    await _records().update_one({"_id": record.id}, {"$set": {"done": True}})
    return result


async def _release(record: IdempotencyRecord) -> None:
    await _records().update_one({"_id": record.id}, {"$set": {"busy_until_ms": 0}})


async def _again(record_id: str, fingerprint: str, task: _Task[T]) -> T:
    record = await IdempotencyRecord.get(record_id)
    if record is None:
        raise Unavailable("a call with this key just failed", retry_after_seconds=1)
    if record.fingerprint != fingerprint:
        raise Conflict("this key was used with another input", reason="idempotency_key")
    if record.done:
        return await _found(record, task)
    return await _take_over(record, task)


async def _found(record: IdempotencyRecord, task: _Task[T]) -> T:
    try:
        return await task.find(record.result_id)
    except NotFound as gone:
        raise Conflict("what this key made is gone", reason="idempotency_key") from gone


async def _take_over(record: IdempotencyRecord, task: _Task[T]) -> T:
    """Finish what a call began that died; one that is alive is given its time. One that would
    have more time left than any is given was written by a clock that has been set back since."""
    now = epoch_ms(utc_now())
    if now <= record.busy_until_ms <= now + 2 * _milliseconds(BUSY):
        raise Unavailable("a call with this key is at work", retry_after_seconds=1)
    taken = await _records().find_one_and_update(
        {"_id": record.id, "done": False, "busy_until_ms": record.busy_until_ms},
        {"$set": {"busy_until_ms": now + _milliseconds(BUSY)}},
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:
        raise Unavailable("a call with this key is at work", retry_after_seconds=1)
    try:
        result = await task.find(record.result_id)
    except NotFound:
        return await _make(record, task.make)
    await _records().update_one({"_id": record.id}, {"$set": {"done": True}})
    return result


async def _drop_expired(record_id: str) -> None:
    await _records().delete_one({"_id": record_id, "expires_at_ms": {"$lt": epoch_ms(utc_now())}})


def _record_id(person_id: str, operation: str, key: str) -> str:
    if not key:
        raise InvalidInput.at("idempotencyKey", code=FieldErrorCode.TOO_SHORT)
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidInput.at("idempotencyKey", code=FieldErrorCode.TOO_LONG)
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    return f"{person_id}:{operation}:{digest}"


def _records() -> AsyncCollection[dict[str, Any]]:
    return IdempotencyRecord.get_pymongo_collection()


def _digest(part: object) -> str:
    if isinstance(part, bytes | bytearray | memoryview):
        return "bytes:" + hashlib.sha256(part).hexdigest()
    raise TypeError(f"no fingerprint of {type(part).__name__}")


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
