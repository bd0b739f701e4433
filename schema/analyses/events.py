"""What an analysis tells while it runs: one type an event, numbered from 1 without a gap."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypedDict

import strawberry

from dupi.analyses import models
from dupi.analyses.models import AdviceSource, AnalysisStatus
from dupi.analyses.progress import ProgressUpdate
from dupi.knowledge.vocabulary import AdviceSectionKind
from schema.analyses.plan_types import Plan
from schema.analyses.types import (
    Analysis,
    Finding,
    PhotoFindings,
    show_findings,
    show_photo_findings,
)
from schema.context import Context
from schema.relay import global_id


@strawberry.interface
class AnalysisEvent:
    analysis_id: strawberry.ID
    sequence: int
    at: datetime


@strawberry.type
class AnalysisStatusChanged(AnalysisEvent):
    status: AnalysisStatus
    progress: float


@strawberry.type
class AnalysisFindingsReady(AnalysisEvent):
    findings: list[Finding]
    photo_findings: list[PhotoFindings]


@strawberry.type
class AnalysisPlanReady(AnalysisEvent):
    """A referral shows before the words."""

    plan: Plan


@strawberry.type
class AnalysisAdviceDelta(AnalysisEvent):
    """Checked sentences; those since the last restart, joined, are ``advice.text``."""

    section: AdviceSectionKind
    text: str


@strawberry.type
class AnalysisAdviceRestarted(AnalysisEvent):
    """Drop the deltas so far."""

    source: AdviceSource


@strawberry.type
class AnalysisFinished(AnalysisEvent):
    """COMPLETED, FAILED or CANCELLED."""

    analysis: Analysis


EVENT_TYPES: Final = (
    AnalysisStatusChanged,
    AnalysisFindingsReady,
    AnalysisPlanReady,
    AnalysisAdviceDelta,
    AnalysisAdviceRestarted,
    AnalysisFinished,
)


class _Common(TypedDict):
    analysis_id: strawberry.ID
    sequence: int
    at: datetime


async def show_event(update: ProgressUpdate, context: Context) -> AnalysisEvent:
    """The event as clients see it. Raises KeyError for a kind that nobody has mapped."""
    return await _SHOW[type(update.event)](update, context)


def _common(update: ProgressUpdate) -> _Common:
    return _Common(
        analysis_id=global_id("Analysis", update.analysis.id),
        sequence=update.event.sequence,
        at=update.event.at,
    )


async def _status_changed(update: Any, _: Context) -> AnalysisEvent:
    event: models.StatusChanged = update.event
    return AnalysisStatusChanged(**_common(update), status=event.status, progress=event.progress)


async def _findings_ready(update: ProgressUpdate, context: Context) -> AnalysisEvent:
    return AnalysisFindingsReady(
        **_common(update),
        findings=show_findings(update.analysis.findings, context),
        photo_findings=await show_photo_findings(update.analysis, context),
    )


async def _plan_ready(update: ProgressUpdate, _: Context) -> AnalysisEvent:
    plan = update.analysis.plan
    if plan is None:
        raise RuntimeError(f"analysis {update.analysis.id} tells of a plan that it does not hold")
    return AnalysisPlanReady(**_common(update), plan=Plan.from_model(plan))


async def _advice_delta(update: Any, _: Context) -> AnalysisEvent:
    event: models.AdviceDelta = update.event
    return AnalysisAdviceDelta(**_common(update), section=event.section, text=event.text)


async def _advice_restarted(update: Any, _: Context) -> AnalysisEvent:
    event: models.AdviceRestarted = update.event
    return AnalysisAdviceRestarted(**_common(update), source=event.source)


async def _finished(update: ProgressUpdate, _: Context) -> AnalysisEvent:
    return AnalysisFinished(**_common(update), analysis=Analysis.from_model(update.analysis))


_SHOW: Final[
    dict[type[models.EventRecord], Callable[[ProgressUpdate, Context], Awaitable[AnalysisEvent]]]
] = {
    models.StatusChanged: _status_changed,
    models.FindingsReady: _findings_ready,
    models.PlanReady: _plan_ready,
    models.AdviceDelta: _advice_delta,
    models.AdviceRestarted: _advice_restarted,
    models.Finished: _finished,
}
