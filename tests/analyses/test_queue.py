"""Claims, leases and fences, on the real store."""

import asyncio
from collections import deque

import pytest

from dupi.analyses.models import (
    AdviceDelta,
    AdviceSource,
    Analysis,
    AnalysisStatus,
    Person,
    StatusChanged,
)
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import LeaseLost, claim_next, list_unfinished
from dupi.clock import epoch_ms, utc_now
from dupi.ids import new_id, sort_key
from dupi.knowledge.vocabulary import AdviceSectionKind, AgeBand, ScalpSite
from dupi.pictures import Keeping
from dupi.resources import Resources
from dupi.store import StoreDatabase
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import (
    GOOD,
    SILENT,
    a_queued,
    claimed,
    kinds,
    run_one,
    stored,
    told,
    words,
)
from tests.knowledge.cases import PLAIN_SURVEY
from tests.support.advisor_server import AdvisorServer, Script


def an_analysis(owner_id: str = "someone") -> Analysis:
    now, analysis_id = utc_now(), new_id()
    return Analysis(
        id=analysis_id,
        owner_id=owner_id,
        photo_ids=["p"],
        sites=[ScalpSite.CROWN],
        survey=PLAIN_SURVEY,
        person=Person(age_band=AgeBand.THIRTIES, gender=None),
        deadline_at_ms=epoch_ms(now) + 60_000,
        created_at=now,
        sort_key=sort_key(now, analysis_id),
    )


async def test_sixteen_claimers_take_forty_analyses_once_each(store: StoreDatabase) -> None:
    waiting = [await an_analysis().insert() for _ in range(40)]

    async def take_all() -> list[str]:
        taken = []
        while claim := await claim_next(hints=SILENT, lease_s=60):
            taken.append(claim.analysis.id)
        return taken

    taken = await asyncio.gather(*(take_all() for _ in range(16)))
    assert sorted(one for some in taken for one in some) == sorted(a.id for a in waiting)


async def test_the_oldest_is_claimed_first(store: StoreDatabase) -> None:
    waiting = [await an_analysis().insert() for _ in range(3)]
    claims = [await claim_next(hints=SILENT, lease_s=60) for _ in range(4)]
    assert [claim and claim.analysis.id for claim in claims] == [*(a.id for a in waiting), None]


async def test_a_lapsed_lease_is_taken_over_and_fences_the_first_worker(
    store: StoreDatabase,
) -> None:
    await an_analysis().insert()
    first = await claim_next(hints=SILENT, lease_s=-1)
    second = await claim_next(hints=SILENT, lease_s=60)
    assert first is not None
    assert second is not None
    assert second.analysis.attempt == first.analysis.attempt + 1
    with pytest.raises(LeaseLost):
        await first.write(StatusChanged(status=AnalysisStatus.CLASSIFYING, progress=0.1))
    with pytest.raises(LeaseLost):
        await first.renew()
    with pytest.raises(LeaseLost):
        await first.hand_back()
    assert told(await stored(first.analysis.id)) == []


async def test_a_write_changes_state_and_adds_numbered_events_as_one(store: StoreDatabase) -> None:
    await an_analysis().insert()
    claim = await claim_next(hints=SILENT, lease_s=60)
    assert claim is not None
    await claim.write(
        StatusChanged(status=AnalysisStatus.ADVISING, progress=0.6),
        AdviceDelta(section=AdviceSectionKind.SUMMARY, text="두피가 '좋아요'. \"참\" $set.{}"),
        status=AnalysisStatus.ADVISING,
        progress=0.6,
        completed_at=utc_now(),
    )
    read = await stored(claim.analysis.id)
    assert told(read) == told(claim.analysis)
    assert read == claim.analysis
    assert read.next_sequence == 3


async def test_a_lease_that_is_renewed_is_not_taken(store: StoreDatabase) -> None:
    await an_analysis().insert()
    claim = await claim_next(hints=SILENT, lease_s=0.3)
    assert claim is not None
    for _ in range(4):
        await asyncio.sleep(0.15)
        await claim.renew()
        assert await claim_next(hints=SILENT, lease_s=60) is None


async def test_what_is_handed_back_is_free_at_once_and_not_counted(store: StoreDatabase) -> None:
    await an_analysis().insert()
    claim = await claim_next(hints=SILENT, lease_s=60)
    assert claim is not None
    await claim.hand_back()
    again = await claim_next(hints=SILENT, lease_s=60)
    assert again is not None
    assert (again.analysis.claims, again.analysis.attempt) == (1, 2)


async def test_what_is_finished_or_being_deleted_is_never_claimed(store: StoreDatabase) -> None:
    for status in (AnalysisStatus.COMPLETED, AnalysisStatus.FAILED, AnalysisStatus.CANCELLED):
        await an_analysis().model_copy(update={"status": status}).insert()
    await an_analysis().model_copy(update={"keeping": Keeping.DELETING}).insert()
    assert await claim_next(hints=SILENT, lease_s=60) is None


async def test_unfinished_ones_are_counted_no_further_than_asked(store: StoreDatabase) -> None:
    for owner_id in ("a", "a", "a", "b"):
        await an_analysis(owner_id).insert()
    await an_analysis("a").model_copy(update={"status": AnalysisStatus.COMPLETED}).insert()
    assert sorted(await list_unfinished(at_most=10)) == ["a", "a", "a", "b"]
    assert len(await list_unfinished(at_most=2)) == 2


async def test_a_takeover_repeats_no_findings_and_restarts_the_words(
    platform: Resources, classifier: ScriptedClassifier, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([Script(GOOD.chunks, pause_s=0.05), GOOD])
    queued = await a_queued(platform)
    crashed = asyncio.create_task(run_pipeline(platform, await claimed(platform, lease_s=0.5)))
    while "ADVICE_DELTA" not in kinds(await stored(queued.id)):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    crashed.cancel()
    await asyncio.gather(crashed, return_exceptions=True)
    await asyncio.sleep(0.6)
    done = await run_one(platform)
    assert classifier.calls == 1
    assert kinds(done) == [
        "STATUS_CHANGED",
        "FINDINGS_READY",
        "PLAN_READY",
        "STATUS_CHANGED",
        "ADVICE_DELTA",
        "ADVICE_RESTARTED",
        "ADVICE_DELTA",
        "FINISHED",
    ]
    assert done.advice is not None
    assert done.advice.source is AdviceSource.MODEL
    assert words(done) == done.advice.text


async def test_near_the_bound_sentences_wait_and_come_by_section(
    platform: Resources, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([GOOD])
    queued = await a_queued(platform)
    claim = await claimed(platform)
    filler = [AdviceDelta(section=AdviceSectionKind.SUMMARY, text="가.") for _ in range(200)]
    await claim.write(*filler)
    await run_pipeline(platform, claim)
    done = await stored(queued.id)
    assert done.next_sequence <= 220
    assert done.advice is not None
    assert words(done) == done.advice.text
