"""Following an analysis: what was told so far, then what is told next. No gap, no repeat."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dupi.adapters.hints import analysis_channel
from dupi.analyses.models import Analysis, AnyEvent, Keeping
from dupi.concurrency import to_its_end
from dupi.errors import NotFound, Unavailable
from dupi.logs import get_logger
from dupi.store import store_errors

if TYPE_CHECKING:
    from dupi.resources import Resources

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """One event, and the analysis as it stood when the event was read (findings, plan, …)."""

    event: AnyEvent
    analysis: Analysis


async def follow_progress(
    resources: "Resources", *, owner_id: str, analysis_id: str, after: int = 0
) -> AsyncGenerator[ProgressUpdate, None]:
    """Every event numbered above ``after``, then new ones as they come.

    Ends after ``Finished``, at once where that lies behind ``after``, and when the analysis is
    deleted. Raises NotFound at the first step.

    The hints are listened to before the document is read: what is written after that reading
    wakes this follower, and the slow poll makes up for a hint that was lost. A store that goes
    away while it follows is waited for.
    """
    async with resources.hints.subscribe(analysis_channel(analysis_id)) as changed:
        analysis = await to_its_end(_read(owner_id, analysis_id))
        if analysis is None:
            raise NotFound(f"no analysis {analysis_id}")
        while analysis is not None:
            for event in analysis.events_after(after):
                after = event.sequence
                yield ProgressUpdate(event, analysis)
            if analysis.is_finished:
                return
            await changed.wait(resources.settings.analyses.poll_seconds)
            analysis = await _read_again(analysis)


async def _read_again(analysis: Analysis) -> Analysis | None:
    """As it is now; as it was, where the store is away for a while: the next look will tell."""
    try:
        with store_errors():
            return await to_its_end(_read(analysis.owner_id, analysis.id))
    except Unavailable as away:
        log.warning("store_away", error=str(away), analysis_id=analysis.id)
        return analysis


async def _read(owner_id: str, analysis_id: str) -> Analysis | None:
    return await Analysis.find_one(
        {"_id": analysis_id, "owner_id": owner_id, "keeping": Keeping.KEPT.value}
    )
