"""Following an analysis: no gap, no repeat, and an end."""

import asyncio
from collections import deque

import pytest

from dupi.adapters.hints import LocalHints
from dupi.analyses.models import AdviceDelta, AnalysisStatus, Finished
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.service import delete_analysis, follow_progress
from dupi.errors import NotFound
from dupi.resources import Resources
from tests.analyses.running import GOOD, a_queued, claimed, run_one, told
from tests.support.advisor_server import AdvisorServer, Script
from tests.support.patience import HANGS_AFTER_S


@pytest.fixture(autouse=True)
def good_advisor(advisor: AdvisorServer) -> None:
    advisor.scripts = deque([GOOD])


async def follow(platform: Resources, owner_id: str, analysis_id: str, after: int = 0) -> list[int]:
    return [
        update.event.sequence
        async for update in follow_progress(
            platform, owner_id=owner_id, analysis_id=analysis_id, after=after
        )
    ]


async def test_a_follower_sees_every_event_once_while_it_happens(platform: Resources) -> None:
    queued = await a_queued(platform)
    followers = [
        asyncio.create_task(follow(platform, queued.owner_id, queued.id)) for _ in range(3)
    ]
    await asyncio.sleep(0.05)
    done = await run_one(platform)
    expected = list(range(1, done.next_sequence))
    assert await asyncio.gather(*followers) == [expected] * 3


async def test_one_that_comes_back_gets_what_it_missed(platform: Resources) -> None:
    queued = await a_queued(platform)
    done = await run_one(platform)
    last = done.next_sequence - 1
    assert await follow(platform, queued.owner_id, queued.id, after=3) == list(range(4, last + 1))
    assert await follow(platform, queued.owner_id, queued.id, after=last) == []
    assert await follow(platform, queued.owner_id, queued.id, after=10_000) == []


async def test_a_lost_hint_costs_a_poll_only(
    platform: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose(self: LocalHints, channel: str) -> None:
        return None

    monkeypatch.setattr(LocalHints, "publish", lose)
    queued = await a_queued(platform)
    follower = asyncio.create_task(follow(platform, queued.owner_id, queued.id))
    done = await run_one(platform)
    async with asyncio.timeout(HANGS_AFTER_S):
        assert await follower == list(range(1, done.next_sequence))


async def test_words_come_as_they_are_written(platform: Resources, advisor: AdvisorServer) -> None:
    advisor.scripts = deque([Script(GOOD.chunks, pause_s=0.02)])
    queued = await a_queued(platform)
    work = asyncio.create_task(run_pipeline(platform, await claimed(platform)))
    statuses = set()
    async for update in follow_progress(platform, owner_id=queued.owner_id, analysis_id=queued.id):
        if isinstance(update.event, AdviceDelta):
            statuses.add(update.analysis.status)
        if isinstance(update.event, Finished):
            assert update.analysis.advice is not None
    assert AnalysisStatus.ADVISING in statuses
    await work


async def test_following_ends_when_the_analysis_is_deleted(platform: Resources) -> None:
    queued = await a_queued(platform)
    follower = asyncio.create_task(follow(platform, queued.owner_id, queued.id))
    await asyncio.sleep(0.1)
    await delete_analysis(platform, owner_id=queued.owner_id, analysis_id=queued.id)
    async with asyncio.timeout(HANGS_AFTER_S):
        assert await follower == [1]


async def test_a_foreign_analysis_is_not_found(platform: Resources) -> None:
    queued = await a_queued(platform)
    with pytest.raises(NotFound):
        await follow(platform, "someone-else", queued.id)


async def test_events_tell_when_and_in_order(platform: Resources) -> None:
    await a_queued(platform)
    times = [event.at for event in told(await run_one(platform))]
    assert times == sorted(times)
