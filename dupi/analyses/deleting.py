"""Deleting analyses and forgetting people, so that nothing derived stays behind.

A record is marked first: from then on nobody sees it, and a raised attempt number fences off the
worker that may be at it. Then its files go, then the record. What was cut off between the two is
finished by asking again, or by the worker's sweep.

While a worker holds the analysis, it may still be writing files. Then the bare record stays, with
nothing of the person's in it, until that worker has cleared up or its lease has lapsed: were the
record gone and the worker killed, nobody would know of those files.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pymongo.asynchronous.collection import AsyncCollection

from dupi import idempotency
from dupi.accounts.exports import drop_archives
from dupi.adapters.hints import analysis_channel
from dupi.analyses.files import analysis_files, person_files, photo_files
from dupi.analyses.models import Analysis, Photo
from dupi.analyses.queue import lapsed
from dupi.ids import time_key
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_MARK: Final = {"keeping": Keeping.DELETING.value}
_BARE: Final = {"owner_id": 1, "keeping": 1, "lease_expires_at_ms": 1}
_SWEEP_AT_ONCE: Final = 100


async def delete_analysis_record(
    resources: "Resources", *, owner_id: str, analysis_id: str
) -> bool:
    """Delete one analysis with its files; whether there was one."""
    where = {"_id": analysis_id, "owner_id": owner_id}
    found = await _mark_analyses(where)
    if found:
        await _remove_analysis(resources, owner_id=owner_id, analysis_id=analysis_id)
    return found


async def forget_person(
    resources: "Resources", *, owner_id: str, until: datetime | None = None
) -> None:
    """Delete all photos, analyses and files of a person, or those of ``until`` and before.

    Safe to repeat.
    """
    where: dict[str, Any] = {"owner_id": owner_id}
    if until is not None:
        where["sort_key"] = {"$lt": time_key(until + timedelta(milliseconds=1))}
    await _mark_analyses(where)
    await _photos().update_many(where, {"$set": _MARK})
    for row in await _analyses().find(where, {"_id": 1}).to_list():
        await _remove_analysis(resources, owner_id=owner_id, analysis_id=row["_id"])
    for row in await _photos().find(where, {"_id": 1}).to_list():
        await resources.storage.delete_prefix(photo_files(owner_id, row["_id"]))
    await _photos().delete_many(where | _MARK)
    await drop_archives(resources, user_id=owner_id)
    await idempotency.forget_person(owner_id)


async def erase_person(resources: "Resources", user_id: str, *, keep_posts: bool) -> None:
    """The eraser of photos and analyses; none of them is a post. Where the storage is a folder,
    not even an empty one with the person's id is left."""
    await forget_person(resources, owner_id=user_id)
    for prefix in person_files(user_id):
        await resources.storage.delete_prefix(prefix)


async def discard_derived(resources: "Resources", analysis: Analysis) -> None:
    """Remove the files that a worker wrote for an analysis which was deleted meanwhile."""
    await resources.storage.delete_prefix(analysis_files(analysis.owner_id, analysis.id))
    await _analyses().delete_one({"_id": analysis.id} | _MARK)


async def finish_deleting_analyses(resources: "Resources") -> int:
    """Finish deletions that were cut off, and those that waited for a worker; how many."""
    marked = await _analyses().find(_MARK | lapsed(), _BARE).limit(_SWEEP_AT_ONCE).to_list()
    for row in marked:
        await _remove_analysis(resources, owner_id=row["owner_id"], analysis_id=row["_id"])
    return len(marked)


async def _mark_analyses(where: dict[str, Any]) -> bool:
    result = await _analyses().update_many(where, {"$set": _MARK, "$inc": {"attempt": 1}})
    return result.matched_count > 0


async def _remove_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> None:
    await resources.storage.delete_prefix(analysis_files(owner_id, analysis_id))
    await drop_archives(resources, user_id=owner_id)
    gone = await _analyses().delete_one({"_id": analysis_id} | lapsed())
    if not gone.deleted_count:
        await _strip(analysis_id)
    await resources.hints.publish(analysis_channel(analysis_id))


async def _strip(analysis_id: str) -> None:
    """Leave of a record only what names it and its files, and until when somebody is at it."""
    where = {"_id": analysis_id} | _MARK
    row = await _analyses().find_one(where, _BARE)
    if row is not None:
        await _analyses().replace_one(where, row)


def _photos() -> AsyncCollection[dict[str, Any]]:
    return Photo.get_pymongo_collection()


def _analyses() -> AsyncCollection[dict[str, Any]]:
    return Analysis.get_pymongo_collection()
