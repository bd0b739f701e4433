"""Uploaded pictures: a record and two files, that come and go as one.

The record is written first, unseen, so that no cut leaves files that no record knows of; it shows
once its files are there. Upkeep removes what was cut off in between.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import Field

from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument
from dupi.errors import Unavailable
from dupi.ids import time_key
from dupi.vision.images import UprightImage

if TYPE_CHECKING:
    from dupi.resources import Resources


class Keeping(StrEnum):
    """Nobody sees a record before its files are there, nor once it is being deleted."""

    ARRIVING = "ARRIVING"
    KEPT = "KEPT"
    DELETING = "DELETING"


_AT_ONCE: Final = 100
_UPLOAD_AT_MOST: Final = timedelta(minutes=10)
_KEPT: Final = {"keeping": Keeping.KEPT.value}
_ARRIVING: Final = {"keeping": Keeping.ARRIVING.value}


class StoredPicture(StoredDocument):
    """Both files are upright JPEGs without metadata, in one folder of their own."""

    owner_id: str
    width: int
    height: int
    image_key: str
    thumbnail_key: str
    keeping: Keeping = Keeping.KEPT
    created_at: UtcDatetime = Field(default_factory=utc_now)
    sort_key: str

    @property
    def folder(self) -> str:
        return self.image_key.rpartition("/")[0]


P = TypeVar("P", bound=StoredPicture)


async def store_picture(
    resources: "Resources",
    record: P,
    image: UprightImage,
    *,
    look_again: Callable[[], Awaitable[None]] | None = None,
) -> P:
    """Store the files of a new ``record`` (ARRIVING) and show it; all of it or nothing.

    ``look_again`` may refuse once the files are there. Raises Unavailable, and what it raises.
    """
    try:
        await _announce(record)
        await resources.storage.put(record.image_key, image.jpeg)
        await resources.storage.put(record.thumbnail_key, image.thumbnail)
        if look_again is not None:
            await look_again()
        return await _show(record)
    except BaseException:
        await discard_picture(resources, record)
        raise


async def discard_picture(resources: "Resources", record: StoredPicture) -> None:
    """Remove the files, then the record. Safe to repeat."""
    await resources.storage.delete_prefix(record.folder)
    await record.get_pymongo_collection().delete_one({"_id": record.id})


async def drop_unfinished(resources: "Resources", kind: type[StoredPicture]) -> int:
    """Remove what uploads of this kind left that were cut off; how many. No call takes that
    long."""
    since = time_key(utc_now() - _UPLOAD_AT_MOST)
    left = await kind.find(_ARRIVING | {"sort_key": {"$lt": since}}).limit(_AT_ONCE).to_list()
    for record in left:
        await discard_picture(resources, record)
    return len(left)


async def _announce(record: StoredPicture) -> None:
    """A record that nobody sees yet."""
    collection = record.get_pymongo_collection()
    await collection.delete_one({"_id": record.id} | _ARRIVING)  # of a call that was cut off
    await record.insert()


async def _show(record: P) -> P:
    """Its files are there. Raises Unavailable where it was removed meanwhile."""
    where = {"_id": record.id} | _ARRIVING
    shown = await record.get_pymongo_collection().update_one(where, {"$set": _KEPT})
    if not shown.matched_count:
        raise Unavailable("the upload was given up meanwhile", reason="upload")
    record.keeping = Keeping.KEPT
    return record
