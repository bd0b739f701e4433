"""Counters that stay exact: how many likes and comments a post has, how many replies a comment.

What is counted is written first, with a fresh ``op``, as owed. Then its counter changes once for
that ``op``, whose name stays in the holder of the counter until what is counted is settled; so a
call that is cut off can be finished by upkeep without counting twice. Upkeep waits until whoever
began must have ended: ``count`` refuses whoever comes late.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from dupi.clock import epoch_ms, utc_now
from dupi.community.models import Counted, Counting
from dupi.documents import StoredDocument
from dupi.errors import NotFound, Unavailable

_BEGUN_WITHIN: Final = timedelta(seconds=30)
_TAKEN_OVER_AFTER: Final = timedelta(seconds=90)
_AT_ONCE: Final = 100
_TRIES: Final = 20

D = TypeVar("D", bound=StoredDocument)
Rows = AsyncCollection[dict[str, Any]]


def fresh_debt() -> dict[str, Any]:
    """``op`` and ``owed_at_ms`` of something that begins now."""
    return {"op": f"o{uuid4().hex}", "owed_at_ms": epoch_ms(utc_now())}


async def count(
    holder: type[Counting], holder_id: str, field: str, record: Counted, *, only: Mapping[str, Any]
) -> bool:
    """Let ``field`` of the holder know of ``record``, once; whether it does.

    It does not where the holder is gone, or is not as ``only`` says. Raises Unavailable for who
    began too long ago.
    """
    if epoch_ms(utc_now()) - record.owed_at_ms > _milliseconds(_BEGUN_WITHIN):
        raise Unavailable("this was begun too long ago", reason="counting", retry_after_seconds=60)
    rows, mark = holder.get_pymongo_collection(), f"counting.{record.op}"
    changed = await rows.update_one(
        {"_id": holder_id, mark: {"$exists": False}} | dict(only),
        {
            "$inc": {field: 1 if record.counts else -1, "count_revision": 1},
            "$set": {mark: True},
        },
    )
    if changed.matched_count:
        return True
    return await rows.find_one({"_id": holder_id, mark: {"$exists": True}}, {"_id": 1}) is not None


async def forget(holder: type[Counting], holder_id: str, record: Counted) -> None:
    """``record`` is settled: its counter need not remember it any more."""
    rows = holder.get_pymongo_collection()
    await rows.update_one({"_id": holder_id}, {"$unset": {f"counting.{record.op}": ""}})


async def take_over(kind: type[D]) -> list[D]:
    """Some of those that were cut off, each for this caller alone."""
    rows = kind.get_pymongo_collection()
    before = epoch_ms(utc_now()) - _milliseconds(_TAKEN_OVER_AFTER)
    late = await rows.find({"owed_at_ms": {"$gt": 0, "$lt": before}}).limit(_AT_ONCE).to_list()
    taken = [await _take(rows, row) for row in late]
    return [kind.from_row(row) for row in taken if row]


async def recount(
    holder: type[Counting],
    holder_id: str,
    field: str,
    *,
    of: type[StoredDocument],
    where: Mapping[str, Any],
) -> int:
    """Count anew what ``where`` finds, and put ``field`` right; by how much it was wrong.

    What is under way at the same time is counted right as well. Raises NotFound (the holder),
    Unavailable where it changes all the time.
    """
    rows = holder.get_pymongo_collection()
    for _ in range(_TRIES):
        shown = {field: 1, "counting": 1, "count_revision": 1}
        row = await rows.find_one({"_id": holder_id}, shown)
        if row is None:
            raise NotFound(f"nothing to count in: {holder_id}")
        right = await _count_anew(of, where, row["counting"])
        as_read = {"_id": holder_id, "count_revision": row["count_revision"]}
        change = {"$set": {field: right}, "$inc": {"count_revision": 1}}
        if (await rows.update_one(as_read, change)).matched_count:
            return right - int(row[field])
    raise Unavailable("it changes all the time", reason="counting", retry_after_seconds=1)


async def _count_anew(
    of: type[StoredDocument], where: Mapping[str, Any], counting: Mapping[str, bool]
) -> int:
    """Each record is read once, in one state; what is owed counts as its counter knows it."""
    shown = {"counts": 1, "op": 1, "owed_at_ms": 1}
    total = 0
    async for row in of.get_pymongo_collection().find(where, shown):
        is_known = row["owed_at_ms"] == 0 or row["op"] in counting
        total += row["counts"] is is_known
    return total


async def _take(rows: Rows, row: Mapping[str, Any]) -> dict[str, Any] | None:
    as_read = {name: row[name] for name in ("_id", "op", "owed_at_ms")}
    change = {"$set": {"owed_at_ms": epoch_ms(utc_now())}}
    return await rows.find_one_and_update(as_read, change, return_document=ReturnDocument.AFTER)


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
