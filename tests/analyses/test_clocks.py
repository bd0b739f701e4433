"""Clocks that jump, on one machine and between several, while an analysis is under way."""

import asyncio
from collections import deque
from datetime import timedelta

import pytest

from api.upkeep import sweep
from dupi.analyses import queue
from dupi.analyses.models import Analysis, AnalysisStatus
from dupi.analyses.orphans import OrphanSweep
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import LeaseLost, claim_next
from dupi.clock import epoch_ms, utc_now
from dupi.resources import Resources
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import GOOD, SILENT, a_queued, claimed, run_one, stored, told, words
from tests.support.advisor_server import AdvisorServer

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def good_advisor(advisor: AdvisorServer) -> None:
    advisor.scripts = deque([GOOD])


async def written_by_a_clock_ahead(analysis: Analysis) -> None:
    """What a worker wrote whose clock was an hour ahead, before it was set right (and killed)."""
    ahead = epoch_ms(utc_now() + HOUR)
    changes = {"lease_expires_at_ms": ahead + 2_000, "deadline_at_ms": ahead + 120_000}
    await Analysis.get_pymongo_collection().update_one({"_id": analysis.id}, {"$set": changes})


async def test_a_lease_of_a_clock_that_was_ahead_holds_nothing_up(platform: Resources) -> None:
    queued = await a_queued(platform)
    await written_by_a_clock_ahead(queued)
    await sweep(platform, OrphanSweep())
    assert (await run_one(platform)).status is AnalysisStatus.COMPLETED


async def test_a_deadline_of_a_clock_that_was_ahead_gives_no_endless_time(
    platform: Resources,
) -> None:
    queued = await a_queued(platform)
    await written_by_a_clock_ahead(queued)
    await sweep(platform, OrphanSweep())
    claim = await claim_next(hints=SILENT, lease_s=2, longest_s=120)
    assert claim is not None
    assert claim.seconds_left <= 120


async def test_leases_of_clocks_that_differ_a_little_are_respected(platform: Resources) -> None:
    queued = await a_queued(platform)
    a_little = {"lease_expires_at_ms": epoch_ms(utc_now()) + 45_000}
    await Analysis.get_pymongo_collection().update_one({"_id": queued.id}, {"$set": a_little})
    await sweep(platform, OrphanSweep())
    assert await claim_next(hints=SILENT, lease_s=30) is None


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_a_jump_in_the_middle_neither_ends_nor_doubles_the_work(
    platform: Resources,
    classifier: ScriptedClassifier,
    monkeypatch: pytest.MonkeyPatch,
    jump: timedelta,
) -> None:
    queued = await a_queued(platform)
    classifier.pause_s = 0.3
    work = asyncio.create_task(run_pipeline(platform, await claimed(platform, lease_s=30)))
    while not classifier.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    monkeypatch.setattr(queue, "utc_now", lambda: utc_now() + jump)
    await work
    done = await stored(queued.id)
    assert done.status is AnalysisStatus.COMPLETED
    assert classifier.calls == 1
    assert done.advice is not None
    assert words(done) == done.advice.text


async def test_a_takeover_by_a_clock_ahead_is_fenced(platform: Resources) -> None:
    """The other machine thinks that the lease is over, while its worker is still at it."""
    await a_queued(platform)
    slow = await claimed(platform, lease_s=30)
    with pytest.MonkeyPatch.context() as other_machine:
        other_machine.setattr(queue, "utc_now", lambda: utc_now() + HOUR)
        taken = await claim_next(hints=SILENT, lease_s=30, longest_s=120)
    assert taken is not None
    with pytest.raises(LeaseLost):
        await run_pipeline(platform, slow)
    done = await stored(slow.analysis.id)
    assert len(told(done)) == 1
