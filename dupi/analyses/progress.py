"""Following an analysis: what was told so far, then what is told next. No gap, no repeat."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dupi.adapters.hints import analysis_channel
from dupi.analyses.models import Analysis, AnyEvent, FindingsReady, Finished, PlanReady
from dupi.concurrency import to_its_end
from dupi.errors import NotFound, Unavailable
from dupi.logs import get_logger
from dupi.pictures import Keeping
from dupi.store import store_errors

if TYPE_CHECKING:
    from dupi.resources import Resources

_OF_RESULTS: Final = (FindingsReady, PlanReady, Finished)
_NO_RESULTS: Final = {"findings": 0, "photo_findings": 0, "plan": 0, "advice": 0}

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """One event, and the analysis as it stood when the event was read; its results are only sure
    to be there with the events that tell of them."""

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


async def _read_again(known: Analysis) -> Analysis | None:
    """As it is now; as it was, where the store is away for a while: the next look will tell."""
    try:
        with store_errors():
            return await to_its_end(_read_news(known))
    except Unavailable as away:
        log.warning("store_away", error=str(away), analysis_id=known.id)
        return known


async def _read_news(known: Analysis) -> Analysis | None:
    """Without results, which are most of the document, unless there is news of them."""
    where = _of(known.owner_id, known.id)
    row = await Analysis.get_pymongo_collection().find_one(where, _NO_RESULTS)
    if row is None:
        return None
    news = Analysis.from_row(row)
    told = news.events_after(known.next_sequence - 1)
    is_of_results = any(isinstance(event, _OF_RESULTS) for event in told)
    return await _read(known.owner_id, known.id) if is_of_results else news


async def _read(owner_id: str, analysis_id: str) -> Analysis | None:
    return await Analysis.find_one(_of(owner_id, analysis_id))


def _of(owner_id: str, analysis_id: str) -> dict[str, str]:
    return {"_id": analysis_id, "owner_id": owner_id, "keeping": Keeping.KEPT.value}
