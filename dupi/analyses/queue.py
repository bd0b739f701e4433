"""Claiming analyses, and writing to a claimed one. Nothing else changes an analysis at work.

Two fences guard every write: the attempt number (a worker that lost its lease writes nothing) and
the number of the next event (what was written is exactly what this worker knows of). A write
changes the state and adds the events that tell of it in one update.

Leases are read off clocks, and clocks jump. One that runs out too early costs a takeover, which
the fence makes harmless. One that lies further ahead than any lease could was written by a clock
that has been set back since: the sweep frees it. A deadline is read off the clock once, when the
analysis is claimed; from then on the time left is measured.
"""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo import ASCENDING, ReturnDocument

from dupi.adapters.hints import Hints, analysis_channel
from dupi.analyses.models import UNFINISHED, Analysis, AnalysisStatus, EventRecord
from dupi.clock import epoch_ms, utc_now
from dupi.documents import plain
from dupi.pictures import Keeping

FREE: Final = 0
"""A lease that has lapsed at any time."""
_CLOCK_SKEW_MS: Final = 60_000
"""How far the clocks of two machines may lie apart."""
OPEN: Final = {
    "status": {"$in": [status.value for status in UNFINISHED]},
    "keeping": Keeping.KEPT.value,
}
"""Filter: waits or is at work."""


class LeaseLost(Exception):
    """Another worker has this analysis by now, or it is gone: drop the work, write nothing."""


class Claim:
    """A worker's hold on one analysis. ``analysis`` is the document as this worker left it."""

    def __init__(
        self, analysis: Analysis, *, hints: Hints, lease_s: float, longest_s: float = math.inf
    ) -> None:
        self.analysis = analysis
        self._hints = hints
        self._lease_s = lease_s
        left = (analysis.deadline_at_ms - epoch_ms(utc_now())) / 1000
        self._ends_at = time.monotonic() + min(left, longest_s)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; negative where it has passed."""
        return self._ends_at - time.monotonic()

    async def write(self, *events: EventRecord, **changes: Any) -> None:
        """Change fields and append events, as one. Raises LeaseLost."""
        first = self.analysis.next_sequence
        told = numbered(events, first)
        changes["lease_expires_at_ms"] = self._lease_end()
        await self._update({"next_sequence": first}, telling(told, changes))
        known = {"next_sequence": first + len(events), "events": self.analysis.events | told}
        self.analysis = self.analysis.model_copy(update=changes | known)
        await self._hints.publish(analysis_channel(self.analysis.id))

    async def renew(self) -> None:
        """Hold on for another lease. Raises LeaseLost."""
        await self._update({}, {"$set": {"lease_expires_at_ms": self._lease_end()}})

    async def hand_back(self) -> None:
        """Let others claim at once; this attempt does not count. Raises LeaseLost."""
        await self._update(OPEN, {"$set": {"lease_expires_at_ms": FREE}, "$inc": {"claims": -1}})

    async def _update(self, guard: dict[str, Any], update: dict[str, Any]) -> None:
        fence = {
            "_id": self.analysis.id,
            "attempt": self.analysis.attempt,
            "keeping": Keeping.KEPT.value,
        }
        result = await Analysis.get_pymongo_collection().update_one(fence | guard, update)
        if result.matched_count == 0:
            raise LeaseLost(self.analysis.id)

    def _lease_end(self) -> int:
        return _lease_end(self._lease_s)


async def claim_next(*, hints: Hints, lease_s: float, longest_s: float = math.inf) -> Claim | None:
    """Take the oldest analysis that waits or whose worker fell silent; ``None``: there is none.

    ``longest_s``: what it may take at most, wherever its deadline lies.
    """
    row = await Analysis.get_pymongo_collection().find_one_and_update(
        OPEN | lapsed(),
        {"$set": {"lease_expires_at_ms": _lease_end(lease_s)}, "$inc": {"attempt": 1, "claims": 1}},
        sort=[("sort_key", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return None
    analysis = Analysis.model_validate(row)
    return Claim(analysis, hints=hints, lease_s=lease_s, longest_s=longest_s)


def lapsed() -> dict[str, Any]:
    """Filter: nobody holds it."""
    return {"lease_expires_at_ms": {"$lte": epoch_ms(utc_now())}}


async def free_impossible_leases(*, lease_s: float) -> int:
    """Free what lies further ahead than any lease could; how many."""
    impossible = _lease_end(lease_s) + _CLOCK_SKEW_MS
    result = await Analysis.get_pymongo_collection().update_many(
        {"lease_expires_at_ms": {"$gt": impossible}}, {"$set": {"lease_expires_at_ms": FREE}}
    )
    return result.modified_count


def numbered(events: Sequence[EventRecord], first: int) -> dict[str, EventRecord]:
    """Events by their number, from ``first`` on."""
    return {
        str(number): event.model_copy(update={"sequence": number})
        for number, event in enumerate(events, start=first)
    }


def telling(told: Mapping[str, EventRecord], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The update that changes fields and appends numbered events, as one."""
    events = {f"events.{number}": plain(event) for number, event in told.items()}
    return {"$set": plain(changes) | events, "$inc": {"next_sequence": len(told)}}


async def list_unfinished(*, at_most: int) -> list[str]:
    """Whose analyses wait or are at work, one entry an analysis, no more than ``at_most``."""
    found = Analysis.get_pymongo_collection().find(OPEN, {"owner_id": 1}).limit(at_most)
    return [row["owner_id"] for row in await found.to_list()]


async def may_hold_overlays(analysis_id: str) -> bool:
    """Whether files of the analysis are, or may yet be, named in it: not where it is gone or being
    deleted, nor where it was cancelled before its findings were there."""
    where = {"_id": analysis_id, "keeping": Keeping.KEPT.value}
    row = await Analysis.get_pymongo_collection().find_one(where, {"status": 1, "findings": 1})
    if row is None:
        return False
    return row["status"] != AnalysisStatus.CANCELLED.value or bool(row["findings"])


def _lease_end(lease_s: float) -> int:
    return epoch_ms(utc_now()) + round(lease_s * 1000)
