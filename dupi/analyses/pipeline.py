"""The pipeline of one claimed analysis, one line a step.

An attempt begins where the one before it got to: findings and a plan that are stored are not made
again, nor told again. Words are: they are begun anew, and a restart is told.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pymongo.errors import PyMongoError

from dupi.analyses.advising import write_advice
from dupi.analyses.classifying import PhotoGone, PhotoUnreadable, grade_photos, load_photos
from dupi.analyses.deleting import delete_analysis_record
from dupi.analyses.models import (
    MAX_EVENTS,
    AnalysisFailureCode,
    AnalysisStatus,
    FailureRecord,
    FindingsReady,
    Finished,
    PlanReady,
    StatusChanged,
)
from dupi.analyses.queue import Claim, LeaseLost
from dupi.clock import utc_now
from dupi.errors import Unavailable
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import make_plan
from dupi.logs import get_logger
from dupi.metrics import ADVICES, ANALYSES_FINISHED, STEP_SECONDS

if TYPE_CHECKING:
    from dupi.resources import Resources

_CLASSIFYING: Final = 0.1
_CLASSIFIED: Final = 0.5
_ADVISING: Final = 0.6
_DONE: Final = 1.0
_ROOM_FOR_ONE_MORE: Final = 80
"""Events that a further attempt may need, takeovers included."""

log = get_logger(__name__)


async def run_pipeline(resources: "Resources", claim: Claim) -> None:
    """Bring a claimed analysis to its end, whatever happens.

    Raises LeaseLost, and PyMongoError where the store is away: then the lease lapses, and a
    worker that can reach it takes over.
    """
    try:
        await _run_steps(resources, claim)
    except (LeaseLost, PyMongoError):
        raise
    except PhotoGone:
        gone = claim.analysis
        log.info("photo_gone", attempt=gone.attempt)
        await delete_analysis_record(resources, owner_id=gone.owner_id, analysis_id=gone.id)
    except Exception as error:
        await _fail(claim, error)
    else:
        log.info("analysis_completed", attempt=claim.analysis.attempt)


async def _run_steps(resources: "Resources", claim: Claim) -> None:
    _refuse_hopeless(claim, max_claims=resources.settings.analyses.max_claims)
    await _classify(resources, claim)
    await _plan(claim)
    await _advise(resources, claim)


async def _classify(resources: "Resources", claim: Claim) -> None:
    if claim.analysis.findings:
        return
    if claim.analysis.status is AnalysisStatus.QUEUED:
        await _enter(claim, AnalysisStatus.CLASSIFYING, _CLASSIFYING)
    with _timed("classify"):
        async with asyncio.timeout(claim.seconds_left):
            photos = await load_photos(resources, claim)
            graded = await grade_photos(resources, claim, photos)
    await claim.write(
        FindingsReady(),
        findings=graded.overall,
        photo_findings=graded.photos,
        deployment_id=graded.deployment_id,
        progress=_CLASSIFIED,
    )


async def _plan(claim: Claim) -> None:
    """The rules decide; a referral shows with the plan, before any word is written."""
    if claim.analysis.plan is None:
        await claim.write(PlanReady(), plan=make_plan(_case(claim)), progress=_ADVISING)


async def _advise(resources: "Resources", claim: Claim) -> None:
    if claim.analysis.plan is None:
        raise RuntimeError("words need a plan")
    if claim.analysis.status is not AnalysisStatus.ADVISING:
        await _enter(claim, AnalysisStatus.ADVISING, _ADVISING)
    with _timed("advise"):
        advice = await write_advice(resources, claim, _case(claim), claim.analysis.plan)
    await claim.write(
        Finished(),
        advice=advice,
        status=AnalysisStatus.COMPLETED,
        progress=_DONE,
        completed_at=utc_now(),
    )
    ADVICES.labels(source=advice.source).inc()
    ANALYSES_FINISHED.labels(outcome=AnalysisStatus.COMPLETED).inc()


async def _enter(claim: Claim, status: AnalysisStatus, progress: float) -> None:
    event = StatusChanged(status=status, progress=progress)
    await claim.write(event, status=status, progress=progress)


def _case(claim: Claim) -> Case:
    analysis = claim.analysis
    return Case(
        grades={finding.condition: finding.severity for finding in analysis.findings},
        survey=analysis.survey,
        age_band=analysis.person.age_band,
        gender=analysis.person.gender,
        sites=tuple(analysis.sites),
    )


def _refuse_hopeless(claim: Claim, *, max_claims: int) -> None:
    """An analysis that takes its workers down must not take all of them down, for ever."""
    if claim.analysis.claims > max_claims:
        raise RuntimeError(f"{claim.analysis.claims - 1} workers were lost at it")


async def _fail(claim: Claim, error: Exception) -> None:
    failure = _failure(error)
    if claim.analysis.next_sequence > MAX_EVENTS - _ROOM_FOR_ONE_MORE:
        failure = failure.model_copy(update={"retryable": False})
    if failure.code is AnalysisFailureCode.INTERNAL:
        log.exception("analysis_failed", code=failure.code)
    else:
        log.warning("analysis_failed", code=failure.code, error=str(error))
    await claim.write(
        Finished(), status=AnalysisStatus.FAILED, failure=failure, completed_at=utc_now()
    )
    ANALYSES_FINISHED.labels(outcome=failure.code).inc()


def _failure(error: Exception) -> FailureRecord:
    match error:
        case Unavailable(reason="classifier" | "deployment"):
            return FailureRecord(code=AnalysisFailureCode.CLASSIFIER_UNAVAILABLE, retryable=True)
        case Unavailable() | TimeoutError():
            return FailureRecord(code=AnalysisFailureCode.DEADLINE_EXCEEDED, retryable=True)
        case PhotoUnreadable():
            return FailureRecord(code=AnalysisFailureCode.PHOTO_UNREADABLE, retryable=False)
        case _:
            return FailureRecord(code=AnalysisFailureCode.INTERNAL, retryable=True)


@contextmanager
def _timed(step: str) -> Iterator[None]:
    with STEP_SECONDS.labels(step=step).time():
        yield
