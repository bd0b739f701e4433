"""Claiming analyses, and writing to a claimed one. Nothing else changes an analysis at work.

Two fences guard every write: the attempt number (a worker that lost its lease writes nothing) and
the number of the next event (what was written is exactly what this worker knows of). A write
changes the state and adds the events that tell of it in one update.
"""

from typing import Any, Final

from pymongo import ASCENDING, ReturnDocument

from dupi.adapters.hints import Hints, analysis_channel
from dupi.analyses.models import UNFINISHED, Analysis, EventRecord, Keeping
from dupi.clock import epoch_ms, utc_now
from dupi.documents import plain

_FREE: Final = 0
_OPEN: Final = {
    "status": {"$in": [status.value for status in UNFINISHED]},
    "keeping": Keeping.KEPT.value,
}


class LeaseLost(Exception):
    """Another worker has this analysis by now, or it is gone: drop the work, write nothing."""


class Claim:
    """A worker's hold on one analysis. ``analysis`` is the document as this worker left it."""

    def __init__(self, analysis: Analysis, *, hints: Hints, lease_s: float) -> None:
        self.analysis = analysis
        self._hints = hints
        self._lease_s = lease_s

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; negative where it has passed."""
        return (self.analysis.deadline_at_ms - epoch_ms(utc_now())) / 1000

    async def write(self, *events: EventRecord, **changes: Any) -> None:
        """Change fields and append events, as one. Raises LeaseLost."""
        first = self.analysis.next_sequence
        numbered = {
            str(number): event.model_copy(update={"sequence": number})
            for number, event in enumerate(events, start=first)
        }
        changes["lease_expires_at_ms"] = self._lease_end()
        await self._update(
            {"next_sequence": first},
            {
                "$set": plain(changes) | {f"events.{n}": plain(e) for n, e in numbered.items()},
                "$inc": {"next_sequence": len(events)},
            },
        )
        known = {"next_sequence": first + len(events), "events": self.analysis.events | numbered}
        self.analysis = self.analysis.model_copy(update=changes | known)
        await self._hints.publish(analysis_channel(self.analysis.id))

    async def renew(self) -> None:
        """Hold on for another lease. Raises LeaseLost."""
        await self._update({}, {"$set": {"lease_expires_at_ms": self._lease_end()}})

    async def hand_back(self) -> None:
        """Let others claim at once; this attempt does not count. Raises LeaseLost."""
        await self._update(_OPEN, {"$set": {"lease_expires_at_ms": _FREE}, "$inc": {"claims": -1}})

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


async def claim_next(*, hints: Hints, lease_s: float) -> Claim | None:
    """Take the oldest analysis that waits or whose worker fell silent; ``None``: there is none."""
    row = await Analysis.get_pymongo_collection().find_one_and_update(
        _OPEN | {"lease_expires_at_ms": {"$lte": epoch_ms(utc_now())}},
        {"$set": {"lease_expires_at_ms": _lease_end(lease_s)}, "$inc": {"attempt": 1, "claims": 1}},
        sort=[("sort_key", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return Claim(Analysis.model_validate(row), hints=hints, lease_s=lease_s) if row else None


async def count_unfinished(*, owner_id: str | None = None, at_most: int) -> int:
    """How many wait or are at work (of one person), counted no further than ``at_most``."""
    where = _OPEN | ({"owner_id": owner_id} if owner_id else {})
    found = Analysis.get_pymongo_collection().find(where, {"_id": 1}).limit(at_most)
    return len(await found.to_list())


async def still_there(analysis_id: str) -> bool:
    """Whether the analysis exists and is not being deleted."""
    where = {"_id": analysis_id, "keeping": Keeping.KEPT.value}
    return await Analysis.get_pymongo_collection().find_one(where, {"_id": 1}) is not None


def _lease_end(lease_s: float) -> int:
    return epoch_ms(utc_now()) + round(lease_s * 1000)
