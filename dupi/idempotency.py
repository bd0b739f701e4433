"""Do a thing once per person, operation and key, however often it is asked for.

The id of what will be made is drawn before it is made and kept with the key. So a second call
after a crash makes the same thing, not another one.
"""

from collections.abc import Awaitable, Callable
from typing import ClassVar, TypeVar

from pymongo import ASCENDING, IndexModel

from dupi.documents import StoredDocument

T = TypeVar("T")

KEPT_S = 24 * 3600


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

    ``make`` stores its result under the id that it is given; one that fails leaves the key free.
    ``find`` raises NotFound where nothing has that id. Without a key, ``make`` just runs.
    Raises Conflict where the key was used with another input or its result is gone, Unavailable
    while another call with it is still at work, InvalidInput (``idempotencyKey``).
    """
    raise NotImplementedError


def fingerprint(*parts: object) -> str:
    """A short stable text for an input made of these parts (text, bytes, numbers, lists)."""
    raise NotImplementedError


async def forget_person(person_id: str) -> None:
    """Remove a person's keys."""
    await IdempotencyRecord.find({"person_id": person_id}).delete()
