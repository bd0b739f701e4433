"""Cancelling and retrying, on the real store and beside a worker that is at it."""

import asyncio
from collections import deque
from pathlib import Path

import pytest

from api import worker
from dupi.analyses.models import (
    MAX_EVENTS,
    AdviceDelta,
    Analysis,
    AnalysisFailureCode,
    AnalysisStatus,
    FailureRecord,
    Finished,
)
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import LeaseLost
from dupi.analyses.service import cancel_analysis, follow_progress, retry_analysis
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Conflict, NotFound, RateLimited
from dupi.knowledge.vocabulary import AdviceSectionKind
from dupi.resources import Resources
from dupi.vision.contract import ENSEMBLE
from tests.analyses.doubles import ScriptedClassifier, a_person
from tests.analyses.running import GOOD, a_queued, claimed, kinds, run_one, stored, told, words
from tests.support.advisor_server import AdvisorServer
from tests.support.patience import HANGS_AFTER_S


@pytest.fixture(autouse=True)
def good_advisor(advisor: AdvisorServer) -> None:
    advisor.scripts = deque([GOOD])


async def cancel(platform: Resources, analysis: Analysis) -> Analysis:
    return await cancel_analysis(platform, owner_id=analysis.owner_id, analysis_id=analysis.id)


async def retry(platform: Resources, analysis: Analysis) -> Analysis:
    return await retry_analysis(platform, owner_id=analysis.owner_id, analysis_id=analysis.id)


async def a_failed(platform: Resources, classifier: ScriptedClassifier) -> Analysis:
    """It failed in a way that may pass; the next try will do."""
    queued = await a_queued(platform)
    good = list(classifier.answers)
    classifier.answers = deque([RuntimeError("just once"), *good])
    assert (await run_one(platform)).status is AnalysisStatus.FAILED
    return await stored(queued.id)


async def test_what_waits_is_cancelled_and_never_claimed(platform: Resources) -> None:
    queued = await a_queued(platform)
    cancelled = await cancel(platform, queued)
    assert cancelled.status is AnalysisStatus.CANCELLED
    assert cancelled.completed_at is not None
    assert kinds(await stored(queued.id)) == ["STATUS_CHANGED", "FINISHED"]
    with pytest.raises(AssertionError):
        await claimed(platform)


async def test_the_worker_of_what_is_cancelled_writes_nothing_more(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    await a_queued(platform)
    classifier.pause_s = 0.3
    claim = await claimed(platform)
    work = asyncio.create_task(run_pipeline(platform, claim))
    while not classifier.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    cancelled = await cancel(platform, claim.analysis)
    with pytest.raises(LeaseLost):
        await work
    left = await stored(claim.analysis.id)
    assert left.status is AnalysisStatus.CANCELLED
    assert left.next_sequence == cancelled.next_sequence
    assert kinds(left)[-1] == "FINISHED"


async def test_cancelling_beside_a_writing_worker_loses_no_event(platform: Resources) -> None:
    await a_queued(platform)
    claim = await claimed(platform)

    async def write_on() -> None:
        while True:
            await claim.write(AdviceDelta(section=AdviceSectionKind.CARE, text="가."))

    writing = asyncio.create_task(write_on())
    await asyncio.sleep(0.1)
    await cancel(platform, claim.analysis)
    with pytest.raises(LeaseLost):
        await writing
    events = told(await stored(claim.analysis.id))
    assert [type(event) for event in events].count(Finished) == 1
    assert isinstance(events[-1], Finished)


async def test_overlays_of_what_is_cancelled_while_classifying_are_removed(
    platform: Resources, classifier: ScriptedClassifier, tmp_path: Path
) -> None:
    await a_queued(platform)
    claim = await claimed(platform)
    classifier.pause_s = 0.2
    work = asyncio.create_task(worker._work(platform, claim))
    while not classifier.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await cancel(platform, claim.analysis)
    await work
    assert list((tmp_path / "objects").rglob("*.png")) == []


async def test_cancelling_twice_is_one(platform: Resources) -> None:
    queued = await a_queued(platform)
    first = await cancel(platform, queued)
    assert await cancel(platform, queued) == first


async def test_what_has_ended_is_not_cancelled(platform: Resources) -> None:
    queued = await a_queued(platform)
    await run_one(platform)
    with pytest.raises(Conflict):
        await cancel(platform, queued)
    assert (await stored(queued.id)).status is AnalysisStatus.COMPLETED


async def test_a_follower_of_what_is_cancelled_sees_the_end(platform: Resources) -> None:
    queued = await a_queued(platform)
    updates = follow_progress(platform, owner_id=queued.owner_id, analysis_id=queued.id)
    assert (await anext(updates)).event.sequence == 1
    await cancel(platform, queued)
    async with asyncio.timeout(HANGS_AFTER_S):
        rest = [update async for update in updates]
    assert [update.event.kind for update in rest] == ["FINISHED"]
    assert rest[-1].analysis.status is AnalysisStatus.CANCELLED


async def test_a_retry_is_the_same_analysis_with_its_next_attempt(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    failed = await a_failed(platform, classifier)
    queued = await retry(platform, failed)
    assert (queued.id, queued.status, queued.failure) == (failed.id, AnalysisStatus.QUEUED, None)
    assert (queued.claims, queued.completed_at) == (0, None)
    assert queued.deadline_at_ms > epoch_ms(utc_now())
    done = await run_one(platform)
    assert (done.id, done.status) == (failed.id, AnalysisStatus.COMPLETED)
    assert done.attempt == failed.attempt + 1
    assert done.advice is not None
    assert words(done) == done.advice.text
    assert kinds(done).count("FINISHED") == 2


async def test_a_retry_begins_where_the_failed_attempt_had_come_to(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    queued = await a_queued(platform)
    done = await run_one(platform)
    failure = FailureRecord(code=AnalysisFailureCode.INTERNAL, retryable=True)
    changes = {"status": "FAILED", "failure": failure.model_dump(mode="json"), "advice": None}
    await Analysis.get_pymongo_collection().update_one({"_id": queued.id}, {"$set": changes})
    await retry(platform, queued)
    again = await run_one(platform)
    assert again.status is AnalysisStatus.COMPLETED
    assert again.findings == done.findings
    assert classifier.calls == 1
    assert kinds(again).count("FINDINGS_READY") == 1


async def test_who_saw_the_failure_follows_on_from_there(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    failed = await a_failed(platform, classifier)
    seen = failed.next_sequence - 1
    await retry(platform, failed)
    done = await run_one(platform)
    updates = follow_progress(platform, owner_id=failed.owner_id, analysis_id=failed.id, after=seen)
    numbers = [update.event.sequence async for update in updates]
    assert numbers == list(range(seen + 1, done.next_sequence))


async def test_retrying_what_is_under_way_again_answers_it(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    failed = await a_failed(platform, classifier)
    first = await retry(platform, failed)
    platform.admission.is_full(retry_after_seconds=9)
    assert await retry(platform, failed) == first


@pytest.mark.parametrize("status", [AnalysisStatus.COMPLETED, AnalysisStatus.CANCELLED])
async def test_only_what_failed_is_retried(platform: Resources, status: AnalysisStatus) -> None:
    queued = await a_queued(platform)
    if status is AnalysisStatus.CANCELLED:
        await cancel(platform, queued)
    else:
        await run_one(platform)
    with pytest.raises(Conflict):
        await retry(platform, queued)
    assert (await stored(queued.id)).status is status


async def test_what_cannot_be_cured_is_not_retried(platform: Resources) -> None:
    queued = await a_queued(platform)
    await platform.storage.delete_prefix("photos")
    failed = await run_one(platform)
    assert failed.failure == FailureRecord(
        code=AnalysisFailureCode.PHOTO_UNREADABLE, retryable=False
    )
    with pytest.raises(Conflict):
        await retry(platform, queued)


async def test_where_no_room_for_events_is_left_a_failure_is_final(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    await a_queued(platform)
    classifier.answers = deque([RuntimeError(ENSEMBLE)])
    claim = await claimed(platform)
    delta = AdviceDelta(section=AdviceSectionKind.CARE, text="가.")
    await claim.write(*[delta] * (MAX_EVENTS - 60))
    await run_pipeline(platform, claim)
    failure = (await stored(claim.analysis.id)).failure
    assert failure is not None
    assert failure.retryable is False


async def test_retries_are_limited(platform: Resources, classifier: ScriptedClassifier) -> None:
    failed = await a_failed(platform, classifier)
    with pytest.raises(RateLimited) as refused:
        for _ in range(50):
            await retry(platform, failed)
    assert refused.value.retry_after_seconds >= 1


async def test_strangers_and_nonsense_are_answered_alike(platform: Resources) -> None:
    queued = await a_queued(platform)
    stranger = await a_person(platform)
    for act in (cancel_analysis, retry_analysis):
        for analysis_id in (queued.id, "nonsense"):
            with pytest.raises(NotFound):
                await act(platform, owner_id=stranger, analysis_id=analysis_id)
    assert (await stored(queued.id)).status is AnalysisStatus.QUEUED
