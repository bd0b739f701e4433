"""Running an analysis to its end, and reading what was told."""

import asyncio
from itertools import groupby

from dupi.adapters.hints import LocalHints
from dupi.advice.phrasing import first_way, summary_sentences
from dupi.advice.prompts import SECTION_MARKS
from dupi.advice.replies import rules_advice
from dupi.analyses.models import (
    UNFINISHED,
    AdviceDelta,
    AdviceRestarted,
    Analysis,
    AnalysisStatus,
    AnyEvent,
)
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import Claim, claim_next
from dupi.analyses.service import request_analysis
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import make_plan
from dupi.knowledge.vocabulary import ScalpSite
from dupi.resources import Resources
from tests.analyses.doubles import a_person, some_photos
from tests.knowledge.cases import PLAIN_SURVEY, a_case
from tests.support.advisor_server import Script
from tests.support.patience import HANGS_AFTER_S

CROWN_CASE = a_case({}, sites=(ScalpSite.CROWN,))


def a_good_reply(case: Case = CROWN_CASE) -> list[str]:
    """What a good model would write after the opening, in small pieces."""
    sentences = rules_advice(case, make_plan(case))[len(summary_sentences(case, first_way)) :]
    text = ""
    for kind, group in groupby(sentences, key=lambda sentence: sentence.section):
        words = "".join(sentence.text for sentence in group).strip()
        text += f"{SECTION_MARKS[kind]} {words}\n"
    return [text[start : start + 7] for start in range(0, len(text), 7)]


GOOD = Script(a_good_reply())


async def a_queued(resources: Resources, *sites: ScalpSite) -> Analysis:
    owner_id = await a_person(resources)
    photos = await some_photos(resources, owner_id, *(sites or (ScalpSite.CROWN,)))
    return await request_analysis(
        resources,
        owner_id=owner_id,
        photo_ids=[photo.id for photo in photos],
        survey=PLAIN_SURVEY,
        request_id="request-1",
    )


async def claimed(resources: Resources, *, lease_s: float = 30) -> Claim:
    claim = await claim_next(hints=resources.hints, lease_s=lease_s)
    assert claim is not None
    return claim


async def run_one(resources: Resources) -> Analysis:
    """Run the oldest queued analysis; as it is stored afterwards."""
    claim = await claimed(resources)
    await run_pipeline(resources, claim)
    return await stored(claim.analysis.id)


async def stored(analysis_id: str) -> Analysis:
    analysis = await Analysis.get(analysis_id)
    assert analysis is not None
    return analysis


async def until_status(analysis_id: str, *statuses: AnalysisStatus) -> Analysis:
    """As it is stored once it has one of them; one that ended otherwise says why."""
    async with asyncio.timeout(HANGS_AFTER_S):
        while (analysis := await stored(analysis_id)).status not in statuses:
            assert analysis.status in UNFINISHED, (analysis.status, analysis.failure)
            await asyncio.sleep(0.03)
    return analysis


def kinds(analysis: Analysis) -> list[str]:
    """Kinds of the events in order, a run of deltas as one."""
    return [kind for kind, _ in groupby(event.kind for event in told(analysis))]


def told(analysis: Analysis) -> list[AnyEvent]:
    events = analysis.events_after(0)
    assert [event.sequence for event in events] == list(range(1, analysis.next_sequence))
    assert len(events) == len(analysis.events)
    return events


def words(analysis: Analysis) -> str:
    """The deltas since the last restart, joined."""
    text = ""
    for event in told(analysis):
        if isinstance(event, AdviceRestarted):
            text = ""
        elif isinstance(event, AdviceDelta):
            text += event.text
    return text


SILENT = LocalHints()
