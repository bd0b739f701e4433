"""Everything of a person in one archive: asked for, made by a worker, kept for some days.

An archive holds copies of photos and results. So it goes with whatever the person deletes, as what
is derived from it: then another one can be asked for.
"""

import secrets
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.accounts.archive import count_parts, zipped
from dupi.accounts.export_models import DataExport, DataExportStatus
from dupi.accounts.people import find_person
from dupi.adapters.hints import EXPORT_CHANNEL
from dupi.adapters.limits import Limit
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Conflict, NotFound, Unauthenticated
from dupi.idempotency import fingerprint, once
from dupi.ids import sort_key
from dupi.logs import get_logger

if TYPE_CHECKING:
    from dupi.resources import Resources

_UNFINISHED: Final = [DataExportStatus.QUEUED.value, DataExportStatus.RUNNING.value]
_LEASE_MS: Final = 60_000
_TELL_EVERY_S: Final = 1.0
_TRIES: Final = 5
_LISTED: Final = 20
_SWEEP_AT_ONCE: Final = 50

log = get_logger(__name__)


class ExportLost(Exception):
    """It was deleted, or another worker has it by now: write nothing more."""


async def request_data_export(
    resources: "Resources", *, user_id: str, idempotency_key: str | None = None
) -> DataExport:
    """Queue an archive of all that is kept of the person.

    Raises Conflict (``current_id``: the one under way), RateLimited, InvalidInput
    (``idempotencyKey``), Unauthenticated (the account is gone).
    """

    async def make(export_id: str) -> DataExport:
        return await _queue(resources, user_id, export_id)

    async def find(export_id: str) -> DataExport:
        return await get_data_export(user_id=user_id, export_id=export_id)

    return await once(
        person_id=user_id,
        operation="requestDataExport",
        key=idempotency_key,
        fingerprint=fingerprint(),
        make=make,
        find=find,
    )


async def get_data_export(*, user_id: str, export_id: str) -> DataExport:
    """Raises NotFound."""
    row = await _exports().find_one({"_id": export_id, "user_id": user_id})
    if row is None:
        raise NotFound(f"no data export {export_id}")
    return DataExport.from_row(row)


async def list_data_exports(*, user_id: str) -> list[DataExport]:
    """Newest first; a few, for they expire and are limited."""
    rows = _exports().find({"user_id": user_id}).sort("sort_key", DESCENDING).limit(_LISTED)
    return [DataExport.from_row(row) async for row in rows]


async def make_next_export(resources: "Resources") -> bool:
    """Claim an archive that waits and make it; whether there was one."""
    export = await _claim()
    if export is None:
        return False
    try:
        await _make(resources, export)
    except ExportLost:
        await resources.storage.delete_prefix(_files(export))
    except Exception:
        log.exception("export_failed", export_id=export.id, attempt=export.attempt)
        await _give_up_or_wait(resources, export)
    return True


async def remove_expired_exports(resources: "Resources") -> int:
    """Remove archives that are over, with their files; how many."""
    over = {"expires_at_ms": {"$gt": 0, "$lte": epoch_ms(utc_now())}}
    rows = await _exports().find(over).limit(_SWEEP_AT_ONCE).to_list()
    for row in rows:
        await resources.storage.delete_prefix(_files(DataExport.from_row(row)))
        await _exports().delete_one({"_id": row["_id"]})
    return len(rows)


async def drop_archives(resources: "Resources", *, user_id: str) -> None:
    """Remove all archives of a person, those that are being made too. Safe to repeat.

    Records go first, so that whoever is at one finishes none; files without one are swept.
    """
    found = await _exports().find({"user_id": user_id}, {"_id": 1}).to_list()
    if found:
        await _exports().delete_many({"user_id": user_id})
        await resources.storage.delete_prefix(person_archives(user_id))


def person_archives(user_id: str) -> str:
    """Storage prefix of a person's archives."""
    return f"exports/{user_id}"


async def _queue(resources: "Resources", user_id: str, export_id: str) -> DataExport:
    if await find_person(user_id) is None:
        raise Unauthenticated("the account is gone")
    await _refuse_second(user_id)
    settings, now = resources.settings.accounts, utc_now()
    limit = Limit(settings.exports_per_person, settings.export_refill_seconds)
    await resources.limits.take(f"data exports of {user_id}", limit)
    key = sort_key(now, export_id)
    export = DataExport(id=export_id, user_id=user_id, slot=user_id, created_at=now, sort_key=key)
    try:
        await export.insert()
    except DuplicateKeyError:
        await _refuse_second(user_id)
        raise Conflict("another one was asked for meanwhile") from None
    await resources.hints.publish(EXPORT_CHANNEL)
    return export


async def _refuse_second(user_id: str) -> None:
    running = await _exports().find_one({"slot": user_id}, {"_id": 1})
    if running is not None:
        raise Conflict("one is under way", current_id=running["_id"], reason="export_running")


async def _claim() -> DataExport | None:
    now = epoch_ms(utc_now())
    row = await _exports().find_one_and_update(
        {"status": {"$in": _UNFINISHED}, "lease_expires_at_ms": {"$lte": now}},
        {
            "$set": {
                "status": DataExportStatus.RUNNING.value,
                "lease_expires_at_ms": now + _LEASE_MS,
            },
            "$inc": {"attempt": 1},
        },
        sort=[("sort_key", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return DataExport.from_row(row) if row else None


async def _make(resources: "Resources", export: DataExport) -> None:
    """Raises ExportLost."""
    if export.attempt > _TRIES:
        await _write(export, _ended(resources, export, DataExportStatus.FAILED))
        return
    telling = _Telling(export, await count_parts(resources, export.user_id))
    archive = zipped(resources, export.user_id, after_part=telling.part_done)
    key = f"{_files(export)}/{secrets.token_urlsafe(24)}.zip"
    size = await resources.storage.put_stream(key, _watched(archive, telling))
    ready = _ended(resources, export, DataExportStatus.READY)
    await _write(export, ready | {"progress": 1.0, "key": key, "size_bytes": size})


async def _watched(archive: AsyncIterator[bytes], telling: "_Telling") -> AsyncIterator[bytes]:
    async for piece in archive:
        await telling.tell()
        yield piece


class _Telling:
    """Says how far it has come, and holds on to the export, now and then."""

    def __init__(self, export: DataExport, parts: int) -> None:
        self._export, self._parts = export, parts
        self._done, self._told_at = 0, time.monotonic()

    async def part_done(self) -> None:
        self._done += 1
        await self.tell()

    async def tell(self) -> None:
        """Raises ExportLost."""
        if time.monotonic() < self._told_at + _TELL_EVERY_S:
            return
        self._told_at = time.monotonic()
        lease = epoch_ms(utc_now()) + _LEASE_MS
        share = min(0.99, self._done / max(1, self._parts))
        await _write(self._export, {"progress": share, "lease_expires_at_ms": lease})


async def _write(export: DataExport, changes: dict[str, Any]) -> None:
    fence = {"_id": export.id, "attempt": export.attempt, "slot": export.user_id}
    written = await _exports().update_one(fence, {"$set": changes})
    if not written.matched_count:
        raise ExportLost(export.id)


def _ended(resources: "Resources", export: DataExport, status: DataExportStatus) -> dict[str, Any]:
    kept = timedelta(seconds=resources.settings.accounts.export_kept_seconds)
    return {
        "status": status.value,
        "slot": export.id,
        "completed_at": utc_now(),
        "expires_at_ms": epoch_ms(utc_now() + kept),
    }


async def _give_up_or_wait(resources: "Resources", export: DataExport) -> None:
    """What fails is tried again when its lease is over, a few times."""
    await resources.storage.delete_prefix(_files(export))
    if export.attempt >= _TRIES:
        await _write(export, _ended(resources, export, DataExportStatus.FAILED))


def _files(export: DataExport) -> str:
    return f"{person_archives(export.user_id)}/{export.id}"


def _exports() -> AsyncCollection[dict[str, Any]]:
    return DataExport.get_pymongo_collection()
