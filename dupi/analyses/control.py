"""Stopping an analysis that is under way, and beginning one again that failed.

Both change the document as it was read: the next event's number is part of the filter, so that
nothing written meanwhile is lost or overwritten. Cancelling fences the worker off first, which may
be writing a sentence every few milliseconds; were the call cut off after that, the lease lapses
and another worker goes on.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from dupi.adapters.hints import QUEUE_CHANNEL, analysis_channel
from dupi.adapters.limits import Limit
from dupi.analyses.capacity import refuse_overload
from dupi.analyses.models import (
    UNFINISHED,
    Analysis,
    AnalysisStatus,
    EventRecord,
    Finished,
    StatusChanged,
)
from dupi.analyses.queue import FREE, OPEN, numbered, telling
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Conflict, NotFound, Unavailable
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_TRIES: Final = 5
"""Against other calls that change the same analysis just now."""
_MOMENT_MS: Final = 10_000
_SHOWN: Final = {"events": 0}
_RETRIES: Final = Limit(burst=10, refill_seconds=30)

_Row = dict[str, Any]
_Where = dict[str, Any]
_Change = tuple[EventRecord, dict[str, Any]]
_Read = Callable[[_Where], Awaitable[_Row | None]]
_Decide = Callable[[Analysis], _Change | None]


async def cancel_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> Analysis:
    """Stop an analysis; what was found and said so far stays. One cancelled before is answered.

    Raises NotFound, Conflict (it has ended otherwise).
    """
    analysis = await _change(_of(owner_id, analysis_id), _read_and_fence, _cancelled)
    await resources.hints.publish(analysis_channel(analysis_id))
    return analysis


async def retry_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> Analysis:
    """Queue a failed analysis again: the same one, from where it had come to.

    One that is under way (again) is answered as it is, so that a repeated call does no harm.
    Raises NotFound, Conflict (not failed, or trying again cannot help), RateLimited, Unavailable.
    """
    await resources.limits.take(f"retry:{owner_id}", _RETRIES)
    where = _of(owner_id, analysis_id)
    decide = partial(
        _queued_again, deadline_ms=round(resources.settings.analyses.deadline_seconds * 1000)
    )
    found = await _found(where, _read)
    if decide(found) is None:
        return found
    async with refuse_overload(resources, owner_id):
        analysis = await _change(where, _read, decide)
    for channel in (QUEUE_CHANNEL, analysis_channel(analysis_id)):
        await resources.hints.publish(channel)
    return analysis


def _cancelled(analysis: Analysis) -> _Change | None:
    if analysis.status is AnalysisStatus.CANCELLED:
        return None
    if analysis.is_finished:
        raise Conflict("it has ended already", reason="analysis_finished")
    changes = {
        "status": AnalysisStatus.CANCELLED,
        "completed_at": utc_now(),
    }
    return Finished(), changes


def _queued_again(analysis: Analysis, deadline_ms: int) -> _Change | None:
    if analysis.status in UNFINISHED:
        return None
    failure = analysis.failure
    if analysis.status is not AnalysisStatus.FAILED or failure is None or not failure.retryable:
        raise Conflict("it cannot be tried again", reason="analysis_not_retryable")
    changes = {
        "status": AnalysisStatus.QUEUED,
        "failure": None,
        "completed_at": None,
        "claims": 0,
        "lease_expires_at_ms": FREE,
        "deadline_at_ms": epoch_ms(utc_now()) + deadline_ms,
    }
    return StatusChanged(status=AnalysisStatus.QUEUED, progress=analysis.progress), changes


async def _change(where: _Where, read: _Read, decide: _Decide) -> Analysis:
    """Make the change that ``decide`` names; the analysis without events."""
    for _ in range(_TRIES):
        analysis = await _found(where, read)
        change = decide(analysis)
        if change is None:
            return analysis
        changed = await _write(where, analysis, *change)
        if changed is not None:
            return Analysis.from_row(changed)
    raise Unavailable("it changes all the time", reason="analysis_busy", retry_after_seconds=1)


async def _found(where: _Where, read: _Read) -> Analysis:
    row = await read(where)
    if row is None:
        raise NotFound("no such analysis")
    return Analysis.from_row(row)


async def _write(
    where: _Where, as_read: Analysis, event: EventRecord, changes: dict[str, Any]
) -> _Row | None:
    """``None``: it is not as it was read any more."""
    same = {"next_sequence": as_read.next_sequence, "status": as_read.status.value}
    told = numbered([event], as_read.next_sequence)
    return await _analyses().find_one_and_update(
        where | same, telling(told, changes), _SHOWN, return_document=ReturnDocument.AFTER
    )


async def _read(where: _Where) -> _Row | None:
    return await _analyses().find_one(where, _SHOWN)


async def _read_and_fence(where: _Where) -> _Row | None:
    """Whoever is at work writes nothing any more, and nobody takes it over for a moment."""
    fenced = await _analyses().find_one_and_update(
        where | OPEN,
        {"$inc": {"attempt": 1}, "$set": {"lease_expires_at_ms": epoch_ms(utc_now()) + _MOMENT_MS}},
        _SHOWN,
        return_document=ReturnDocument.AFTER,
    )
    return fenced or await _read(where)


def _of(owner_id: str, analysis_id: str) -> _Where:
    return {"_id": analysis_id, "owner_id": owner_id, "keeping": Keeping.KEPT.value}


def _analyses() -> AsyncCollection[_Row]:
    return Analysis.get_pymongo_collection()
