"""A store that hangs, crawls or drops its connections, behind a proxy: the real one."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

import httpx
import pytest
from beanie import init_beanie

from api.worker import run_workers
from dupi.accounts.models import User
from dupi.analyses.models import Analysis, AnalysisStatus
from dupi.analyses.progress import follow_progress
from dupi.resources import Resources, open_resources
from dupi.settings import Settings
from dupi.store import DOCUMENTS, ping
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import GOOD, a_queued, kinds, stored, told, until_status
from tests.operations.doubles import RememberingServer
from tests.support.advisor_server import AdvisorServer, Script
from tests.support.patience import HANGS_AFTER_S
from tests.support.proxy import Proxy, running_proxy
from tests.support.web import Caller, app_over, caller

__all__ = ["advisor", "classifier", "deployment", "platform"]

_POOL = 4


@pytest.fixture
async def proxy(settings: Settings) -> AsyncIterator[Proxy]:
    given = urlsplit(settings.mongodb_url)
    async with running_proxy(given.port or 27017, given.hostname or "127.0.0.1") as running:
        yield running


def _behind(proxy: Proxy, settings: Settings) -> Settings:
    """The same database through the proxy, impatiently."""
    given = urlsplit(settings.mongodb_url)
    user = given.netloc.rpartition("@")[:2]
    url = given._replace(netloc="".join((*user, proxy.address)), query="directConnection=true")
    limits = {"open_timeout_seconds": 1.0, "operation_timeout_seconds": 1.0}
    store = settings.store.model_copy(update={**limits, "max_connections": _POOL})
    pace = {"lease_seconds": 0.9, "shutdown_grace_seconds": 0.3, "poll_seconds": 0.2}
    return settings.model_copy(
        update={
            "mongodb_url": url.geturl(),
            "store": store,
            "analyses": settings.analyses.model_copy(update=pace),
        }
    )


@asynccontextmanager
async def _opened(proxy: Proxy, platform: Resources) -> AsyncIterator[Resources]:
    """The platform with its store behind the proxy. The document classes are bound to one client
    a process: afterwards to that of the session again."""
    try:
        async with open_resources(_behind(proxy, platform.settings)) as opened:
            yield replace(
                platform,
                settings=opened.settings,
                database=opened.database,
                model_servers=(RememberingServer(),),
            )
    finally:
        await init_beanie(database=platform.database, document_models=DOCUMENTS, skip_indexes=True)


@pytest.fixture
async def parts(proxy: Proxy, platform: Resources) -> AsyncIterator[Resources]:
    async with _opened(proxy, platform) as opened:
        yield opened


@pytest.fixture
async def mina(parts: Resources) -> AsyncIterator[Caller]:
    async with caller(app_over(parts)) as someone:
        await someone.sign_up()
        await someone.consent()
        yield someone


@asynccontextmanager
async def _working(parts: Resources) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_workers(parts, stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(HANGS_AFTER_S):
            await task


async def _is_read(_: Resources) -> None:
    await User.find_one({"_id": "nobody"})


async def _until_answering(parts: Resources) -> None:
    """The client looks at a server that was away every half second."""
    async with asyncio.timeout(HANGS_AFTER_S):
        while True:
            try:
                await ping(parts.database)
            except Exception:
                await asyncio.sleep(0.1)
            else:
                return


def _codes(answer: httpx.Response) -> list[tuple[str, bool]]:
    errors = answer.json()["errors"]
    return [(e["extensions"]["code"], "retryAfterSeconds" in e["extensions"]) for e in errors]


async def test_every_request_to_a_hanging_store_is_told_to_come_later(
    mina: Caller, proxy: Proxy, parts: Resources
) -> None:
    proxy.hang()
    log_in = 'mutation { logIn(input: {email: "mina@example.com", password: "x"}) { __typename } }'
    async with asyncio.timeout(HANGS_AFTER_S):
        known = await mina.post({"query": "{ viewer { id } }"})
        unknown = await replace(mina, token=None).post({"query": log_in})
        ready = await mina.http.get("/health/ready")
        live = await mina.http.get("/health/live")
    assert _codes(known) == [("UNAVAILABLE", True)]
    assert _codes(unknown) == [("UNAVAILABLE", True)]
    assert (ready.status_code, live.status_code) == (503, 200)
    proxy.heal()
    await _until_answering(parts)
    assert (await mina.data("{ viewer { id } }"))["viewer"]


async def test_a_crawling_store_is_waited_for(mina: Caller, proxy: Proxy) -> None:
    proxy.slow_down(pause_s=0.02, chunk=512)
    async with asyncio.timeout(HANGS_AFTER_S):
        assert (await mina.data("{ viewer { id nickname } }"))["viewer"]["nickname"] == "미나"


async def test_connections_that_hung_or_were_given_up_leave_room_for_others(
    parts: Resources, proxy: Proxy
) -> None:
    """Twice the pool's size each time: one that leaked would be missed at the end."""
    proxy.hang()
    calls = [asyncio.create_task(_is_read(parts)) for _ in range(2 * _POOL)]
    async with asyncio.timeout(HANGS_AFTER_S):
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, Exception) for end in ended)
        given_up = [asyncio.create_task(_is_read(parts)) for _ in range(2 * _POOL)]
        await asyncio.sleep(0.2)
        for call in given_up:
            call.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
    proxy.heal()
    await _until_answering(parts)
    proxy.slow_down(pause_s=0.05)
    async with asyncio.timeout(HANGS_AFTER_S):
        await asyncio.gather(*(_is_read(parts) for _ in range(2 * _POOL)))
    assert proxy.connections <= _POOL + 2  # and two that look after the server


async def test_a_store_that_drops_and_refuses_connections_is_found_again(
    parts: Resources, proxy: Proxy
) -> None:
    proxy.cut()
    await _until_answering(parts)
    proxy.refuse()
    async with asyncio.timeout(HANGS_AFTER_S):
        with pytest.raises(Exception, match=r"refused|closed|reset|Timeout"):
            await _is_read(parts)
    proxy.heal()
    await _until_answering(parts)
    await _is_read(parts)


async def test_work_goes_on_once_where_the_store_hung_meanwhile(
    parts: Resources, proxy: Proxy, classifier: ScriptedClassifier, advisor: AdvisorServer
) -> None:
    """Longer than a lease: whoever had it must not write beside whoever has it now."""
    classifier.pause_s, advisor.scripts = 0.5, deque([Script(GOOD.chunks, pause_s=0.01)])
    queued = [await a_queued(parts) for _ in range(2)]
    async with _working(parts):
        await until_status(queued[0].id, AnalysisStatus.CLASSIFYING)
        proxy.hang()
        await asyncio.sleep(2)
        proxy.heal()
        await _until_answering(parts)
        for analysis in queued:
            await until_status(analysis.id, AnalysisStatus.COMPLETED)
    for analysis in queued:
        done = await stored(analysis.id)
        assert [event.sequence for event in told(done)] == list(range(1, done.next_sequence))
        assert kinds(done).count("FINDINGS_READY") == kinds(done).count("FINISHED") == 1


async def test_followers_go_on_when_the_store_is_back(
    parts: Resources, proxy: Proxy, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([GOOD])
    queued = await a_queued(parts)
    follower = asyncio.create_task(_follow(parts, queued))
    await asyncio.sleep(0.3)
    proxy.hang()
    await asyncio.sleep(1.5)
    proxy.heal()
    await _until_answering(parts)
    async with _working(parts), asyncio.timeout(HANGS_AFTER_S):
        numbers = await follower
    assert all(after == before + 1 for before, after in pairwise(numbers))
    assert numbers[-1] == (await stored(queued.id)).next_sequence - 1


async def test_closing_does_not_wait_for_a_store_that_hangs(
    proxy: Proxy, platform: Resources
) -> None:
    async with asyncio.timeout(HANGS_AFTER_S):
        async with _opened(proxy, platform) as opened:
            await _is_read(opened)
            proxy.hang()
    assert proxy.connections == 0


async def test_opening_does_not_wait_for_a_store_that_hangs(
    proxy: Proxy, platform: Resources
) -> None:
    proxy.hang()
    async with asyncio.timeout(HANGS_AFTER_S):
        with pytest.raises(Exception, match="does not answer"):
            async with _opened(proxy, platform):
                pass


async def _follow(parts: Resources, analysis: Analysis) -> list[int]:
    updates = follow_progress(parts, owner_id=analysis.owner_id, analysis_id=analysis.id)
    return [update.event.sequence async for update in updates]
