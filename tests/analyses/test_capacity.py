"""What is let in: as much as the workers that were seen can do in time."""

import asyncio

import pytest

from dupi.analyses import capacity
from dupi.analyses.capacity import Pace, Throughput, WorkerRecord, forget_worker, report_pace
from dupi.analyses.models import Analysis
from dupi.analyses.service import request_analysis
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import ScalpSite
from dupi.resources import Resources
from tests.analyses.doubles import a_person, some_photos
from tests.analyses.running import a_queued
from tests.knowledge.cases import PLAIN_SURVEY


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk looks anew each time."""
    monkeypatch.setattr(capacity, "_REMEMBERED_S", 0.0)


async def refusal(platform: Resources) -> Unavailable:
    with pytest.raises(Unavailable) as refused:
        await a_queued(platform)
    return refused.value


def test_a_free_slot_is_no_wait_however_slow_it_is() -> None:
    working = Throughput(slots=2, per_second=0.01)
    assert working.seconds_until_begun(1) == 0
    assert working.seconds_until_begun(2) == 100
    assert working.seconds_until_begun(5) == 400


async def test_what_would_wait_too_long_is_refused_with_a_time(platform: Resources) -> None:
    await report_pace("one", slots=1, pace=Pace(12.5))
    for _ in range(3):  # one at work, and up to 30 seconds of waiting
        await a_queued(platform)
    refused = await refusal(platform)
    assert (refused.reason, refused.retry_after_seconds) == ("queue", 8)
    assert await Analysis.find({}).count() == 3


@pytest.mark.usefixtures("forgetful")
async def test_more_workers_take_more(platform: Resources) -> None:
    await report_pace("one", slots=1, pace=Pace(12.5))
    for _ in range(3):
        await a_queued(platform)
    await report_pace("two", slots=2, pace=Pace(12.5))
    await a_queued(platform)


@pytest.mark.usefixtures("forgetful")
async def test_workers_that_fell_silent_or_stopped_count_no_more(platform: Resources) -> None:
    await report_pace("slow", slots=1, pace=Pace(12.5))
    await report_pace("fast", slots=50, pace=Pace(0.1))
    await report_pace("gone", slots=50, pace=Pace(0.1))
    silent = {"$set": {"seen_at_ms": epoch_ms(utc_now()) - 80_000}}
    await WorkerRecord.get_pymongo_collection().update_one({"_id": "fast"}, silent)
    await forget_worker("gone")
    for _ in range(3):
        await a_queued(platform)
    await refusal(platform)


async def test_without_any_worker_one_is_expected(platform: Resources) -> None:
    """``expected_seconds`` is one second here, and half a minute may be waited."""
    analyses = platform.settings.analyses
    assert (analyses.expected_seconds, analyses.max_wait_seconds) == (1, 30)
    owner_id = await a_person(platform)
    await _many(owner_id, 30)
    await a_queued(platform)
    await refusal(platform)


async def test_never_more_than_the_most_are_unfinished(platform: Resources) -> None:
    await report_pace("fast", slots=1000, pace=Pace(0.01))
    await _many(await a_person(platform), platform.settings.analyses.max_queued)
    assert (await refusal(platform)).retry_after_seconds >= 1


async def test_a_rush_passes_no_more_than_there_is_room_for(platform: Resources) -> None:
    await report_pace("one", slots=1, pace=Pace(12.5))
    owner_id = await a_person(platform)
    [photo] = await some_photos(platform, owner_id, ScalpSite.CROWN)

    async def ask() -> Analysis:
        return await request_analysis(
            platform, owner_id=owner_id, photo_ids=[photo.id], survey=PLAIN_SURVEY
        )

    answers = await asyncio.gather(*(ask() for _ in range(12)), return_exceptions=True)
    assert sum(isinstance(answer, Analysis) for answer in answers) == 3
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 9


async def test_a_crowd_is_refused_without_asking_the_store(
    platform: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting for each of them would take longer than they should wait for a no."""
    counted = 0

    async def count(*, at_most: int) -> list[str]:
        nonlocal counted
        counted += 1
        await asyncio.sleep(0.05)
        return ["others"] * at_most

    monkeypatch.setattr(capacity, "list_unfinished", count)

    async def ask() -> None:
        async with capacity.refuse_overload(platform, "someone"):
            pass

    answers = await asyncio.gather(*(ask() for _ in range(100)), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert counted == 1


async def test_photos_are_refused_too_while_the_queue_is_full(platform: Resources) -> None:
    """Decoding them would only slow down what was let in."""
    owner_id = await a_person(platform)
    platform.admission.is_full(retry_after_seconds=7)
    with pytest.raises(Unavailable) as refused:
        await some_photos(platform, owner_id, ScalpSite.CROWN)
    assert refused.value.retry_after_seconds == 7


async def test_a_pace_knows_what_takes_longer_than_ever(platform: Resources) -> None:
    pace = Pace(0.01)
    with pace.timed():
        await asyncio.sleep(0.2)
        assert pace.seconds_each >= 0.2
    assert pace.seconds_each < 0.2


def test_a_pace_follows_what_it_sees() -> None:
    pace = Pace(5)
    for _ in range(40):
        pace.saw(1)
    assert pace.seconds_each == pytest.approx(1, abs=0.01)


async def _many(owner_id: str, count: int) -> None:
    """Unfinished analyses as bare as the count needs them."""
    rows = [
        {"_id": f"many-{number}", "owner_id": owner_id, "status": "QUEUED", "keeping": "KEPT"}
        for number in range(count)
    ]
    await Analysis.get_pymongo_collection().insert_many(rows)
