"""A store whose disk is full: nothing half done, a clear answer, and on it goes once there is room.

The embedded store's process may suddenly write into no file any more: to it, a full disk.
"""

import asyncio
import os
import resource
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import psutil
import pytest
from structlog.testing import capture_logs

from api.worker import run_workers
from dupi.analyses.models import AnalysisStatus
from dupi.resources import Resources
from dupi.settings import Settings
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import GOOD, a_queued, stored, told, until_status, words
from tests.operations.doubles import RememberingServer
from tests.support.advisor_server import AdvisorServer
from tests.support.patience import HANGS_AFTER_S
from tests.support.web import SURVEY, Caller
from tests.support.web_fixtures import (
    advisor,
    app,
    classifier,
    deployment,
    mina,
    parts,
    photo,
    platform,
)

__all__ = ["advisor", "app", "classifier", "deployment", "mina", "parts", "photo", "platform"]

pytestmark = pytest.mark.skipif(
    "DUPI_MONGODB_URL" in os.environ, reason="the store is not ours to take the room from"
)
_REFUSED = {"store_away", "lease_not_renewed"}
"""What a worker says whose write the store did not take."""
_NONE, _ALL = (1, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def store_process(settings: Settings) -> int:
    """Process id of the embedded store."""
    port = urlsplit(settings.mongodb_url).port
    return next(
        child.pid
        for child in psutil.Process().children(recursive=True)
        if any(c.laddr.port == port and c.status == "LISTEN" for c in child.net_connections())
    )


@contextmanager
def no_room(process: int) -> Iterator[None]:
    resource.prlimit(process, resource.RLIMIT_FSIZE, _NONE)
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, _ALL)


async def test_requests_are_refused_for_now_and_leave_nothing(
    mina: Caller, parts: Resources, photo: bytes, store_process: int
) -> None:
    with no_room(store_process):
        refused = await mina.upload(photo, idempotencyKey="k")
        assert refused["__typename"] == "UnavailableError"
        assert refused["retryAfterSeconds"] >= 1
        assert (await mina.run("Viewer"))["nickname"]
    kept = (await mina.upload(photo, idempotencyKey="k"))["photo"]
    photos = (await mina.run("Photos", first=5))["photos"]["edges"]
    assert [edge["node"]["id"] for edge in photos] == [kept["id"]]
    with no_room(store_process):
        answer = await mina.run(
            "RequestAnalysis", input={"photoIds": [kept["id"]], "survey": SURVEY}
        )
        assert answer["__typename"] == "UnavailableError"


async def test_an_analysis_waits_for_room_and_is_done_once(
    platform: Resources,
    classifier: ScriptedClassifier,
    advisor: AdvisorServer,
    store_process: int,
) -> None:
    advisor.scripts = deque([GOOD])
    classifier.pause_s = 0.3
    pace = {"lease_seconds": 0.6, "poll_seconds": 0.2}
    analyses = platform.settings.analyses.model_copy(update=pace)
    settings = platform.settings.model_copy(update={"analyses": analyses})
    parts = replace(platform, settings=settings, model_servers=(RememberingServer(),))
    queued = await a_queued(parts)
    stop = asyncio.Event()
    work = asyncio.create_task(run_workers(parts, stop))
    while not classifier.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    with no_room(store_process), capture_logs() as told_meanwhile:
        async with asyncio.timeout(HANGS_AFTER_S):
            while not _REFUSED & {line["event"] for line in told_meanwhile}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await stored(queued.id)).status is AnalysisStatus.CLASSIFYING
    done = await until_status(queued.id, AnalysisStatus.COMPLETED)
    stop.set()
    await work
    assert [event.kind for event in told(done)].count("FINISHED") == 1
    assert done.advice is not None
    assert words(done) == done.advice.text
