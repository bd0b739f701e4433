"""The worker on the real store: it wakes, takes over, finishes or hands back, and clears up."""

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo.errors import NetworkTimeout

from api import worker
from api.worker import run_workers
from dupi.analyses.models import Analysis, AnalysisStatus, Photo
from dupi.analyses.queue import Claim
from dupi.analyses.service import delete_analysis
from dupi.clock import epoch_ms, utc_now
from dupi.pictures import Keeping
from dupi.resources import Resources
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import GOOD, a_queued, claimed, stored, until_status
from tests.operations.doubles import RememberingServer
from tests.support.advisor_server import AdvisorServer, Script
from tests.support.patience import HANGS_AFTER_S


@pytest.fixture(autouse=True)
def good_advisor(advisor: AdvisorServer) -> None:
    advisor.scripts = deque([GOOD])


@pytest.fixture
def platform(platform: Resources) -> Resources:
    """With a model server that has nothing to do, and a quick shutdown."""
    pace = {"poll_seconds": 0.2, "lease_seconds": 0.9, "shutdown_grace_seconds": 0.3}
    analyses = platform.settings.analyses.model_copy(update=pace)
    settings = platform.settings.model_copy(update={"analyses": analyses})
    return replace(platform, settings=settings, model_servers=(RememberingServer(),))


@asynccontextmanager
async def working(platform: Resources) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_workers(platform, stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(HANGS_AFTER_S):
            await task


async def test_what_is_queued_is_run(platform: Resources) -> None:
    async with working(platform):
        done = [await a_queued(platform) for _ in range(3)]
        for analysis in done:
            await until_status(analysis.id, AnalysisStatus.COMPLETED)


async def test_what_a_silent_worker_left_is_taken_over(platform: Resources) -> None:
    queued = await a_queued(platform)
    await claimed(platform, lease_s=0.5)
    async with working(platform):
        done = await until_status(queued.id, AnalysisStatus.COMPLETED)
    assert done.attempt == 2


async def test_long_work_keeps_its_lease(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    classifier.pause_s = 2.5
    queued = await a_queued(platform)
    async with working(platform):
        done = await until_status(queued.id, AnalysisStatus.COMPLETED)
    assert (done.attempt, classifier.calls) == (1, 1)


async def test_a_stopping_worker_hands_back_what_it_cannot_finish(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    classifier.pause_s = 30
    queued = await a_queued(platform)
    async with working(platform):
        await until_status(queued.id, AnalysisStatus.CLASSIFYING)
    left = await stored(queued.id)
    assert left.lease_expires_at_ms <= epoch_ms(utc_now())
    assert (left.status, left.claims) == (AnalysisStatus.CLASSIFYING, 0)


async def test_a_stopping_worker_finishes_what_is_nearly_done(
    platform: Resources, advisor: AdvisorServer
) -> None:
    analyses = platform.settings.analyses.model_copy(update={"shutdown_grace_seconds": 8.0})
    settings = platform.settings.model_copy(update={"analyses": analyses})
    advisor.scripts = deque([Script(GOOD.chunks, pause_s=0.01)])
    queued = await a_queued(platform)
    async with working(replace(platform, settings=settings)):
        await until_status(queued.id, AnalysisStatus.ADVISING)
    assert (await stored(queued.id)).status is AnalysisStatus.COMPLETED


async def test_a_worker_drops_an_analysis_that_is_deleted_under_it(
    platform: Resources, classifier: ScriptedClassifier, tmp_path: Path
) -> None:
    classifier.pause_s = 0.5
    queued = await a_queued(platform)
    async with working(platform):
        await until_status(queued.id, AnalysisStatus.CLASSIFYING)
        await delete_analysis(platform, owner_id=queued.owner_id, analysis_id=queued.id)
        await asyncio.sleep(1.2)
    assert list((tmp_path / "objects").rglob("*.png")) == []
    assert await Analysis.get(queued.id) is None


async def test_deletions_that_were_cut_off_are_finished(
    platform: Resources, tmp_path: Path
) -> None:
    queued = await a_queued(platform)
    await Photo.get_pymongo_collection().update_one(
        {"_id": queued.photo_ids[0]}, {"$set": {"keeping": Keeping.DELETING.value}}
    )
    async with working(platform), asyncio.timeout(HANGS_AFTER_S):
        while await Photo.get(queued.photo_ids[0]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    left = await Analysis.get_pymongo_collection().find_one({"_id": queued.id})
    assert left is None or "survey" not in left, "bare while a worker may be at it"
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


async def test_a_worker_runs_in_a_process_of_its_own_and_ends_when_told(
    platform: Resources, tmp_path: Path
) -> None:
    """Triton is away for it: it claims, waits, and hands back when it is stopped."""
    queued = await a_queued(platform)
    environment = {
        "PATH": os.environ["PATH"],
        "DUPI_SECRET": platform.settings.secret.get_secret_value(),
        "DUPI_MONGODB_URL": platform.settings.mongodb_url,
        "DUPI_STORAGE_URL": str(tmp_path / "objects"),
        "DUPI_TRITON_URL": "127.0.0.1:9",
        "DUPI_ANALYSES__SHUTDOWN_GRACE_SECONDS": "0.2",
        "DUPI_LOGS__FILE": str(tmp_path / "worker.log"),
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.worker", env=environment
    )
    try:
        await until_status(queued.id, AnalysisStatus.CLASSIFYING)
        worker.terminate()
        async with asyncio.timeout(HANGS_AFTER_S):
            assert await worker.wait() == 0
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    left = await stored(queued.id)
    assert (left.claims, left.lease_expires_at_ms) == (0, 0)
    lines = [json.loads(line) for line in (tmp_path / "worker.log").read_text().splitlines()]
    back = next(line for line in lines if line["event"] == "handed_back")
    assert (back["request_id"], back["analysis_id"]) == ("request-1", queued.id)


async def test_a_lease_is_let_go_though_the_store_swallows_the_cancellation(
    platform: Resources, classifier: ScriptedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PyMongo does where one meets a time limit: the worker then held on for ever."""

    swallowed = False

    async def swallow(_: Claim) -> None:
        nonlocal swallowed
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            if swallowed:
                raise
            swallowed = True
            raise NetworkTimeout("for this test") from None

    monkeypatch.setattr(Claim, "renew", swallow)
    classifier.pause_s = 0.6
    queued = await a_queued(platform)
    async with asyncio.timeout(HANGS_AFTER_S):
        await worker._work(platform, await claimed(platform))
    assert (await stored(queued.id)).status is AnalysisStatus.COMPLETED
