"""An advisor that hangs, crawls, never ends, refuses or is cut: the rules' words take its place."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from dupi.adapters.advisor import AdvisorTimeouts, OpenAIAdvisor, open_advisor
from dupi.adapters.advisors import KnownAdvisors
from dupi.analyses.models import AdviceSource, Analysis, AnalysisStatus
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import Claim
from dupi.errors import Unavailable
from dupi.resources import Resources
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.running import GOOD, a_queued, claimed, stored, words
from tests.support.advisor_server import MODEL, AdvisorServer, Script
from tests.support.patience import HANGS_AFTER_S
from tests.support.proxy import Proxy, running_proxy

__all__ = ["advisor", "classifier", "deployment", "platform"]

_PATIENCE = AdvisorTimeouts(connect=0.5, first_token=0.7, between_tokens=0.4, total=1.5)
_ASKED = [{"role": "user", "content": "질문"}]


@pytest.fixture
async def proxy(advisor: AdvisorServer) -> AsyncIterator[Proxy]:
    async with running_proxy(urlsplit(advisor.url).port or 80) as running:
        yield running


@asynccontextmanager
async def _client(proxy: Proxy) -> AsyncIterator[OpenAIAdvisor]:
    url = f"http://{proxy.address}/v1"
    async with open_advisor(url, api_key=None, model=MODEL, timeouts=_PATIENCE) as client:
        yield client


@pytest.fixture
async def parts(platform: Resources, proxy: Proxy) -> AsyncIterator[Resources]:
    async with _client(proxy) as client:
        yield replace(platform, advisors=KnownAdvisors({"": client}))


async def _run(parts: Resources) -> Analysis:
    await a_queued(parts)
    claim = await claimed(parts)
    async with asyncio.timeout(HANGS_AFTER_S):
        await run_pipeline(parts, claim)
    return await stored(claim.analysis.id)


def _is_told_by_the_rules(done: Analysis) -> bool:
    assert done.status is AnalysisStatus.COMPLETED, done.failure
    assert done.advice is not None
    assert words(done) == done.advice.text
    return done.advice.source is AdviceSource.RULES


async def test_a_good_one_is_heard_through_the_proxy(
    parts: Resources, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([GOOD])
    assert not _is_told_by_the_rules(await _run(parts))


async def test_one_that_hangs_from_the_start(parts: Resources, proxy: Proxy) -> None:
    proxy.hang()
    assert _is_told_by_the_rules(await _run(parts))


@pytest.mark.parametrize(("rest", "is_asked_again"), [(3600, False), (0.1, True)])
async def test_one_that_hung_is_left_alone_for_a_while(
    platform: Resources, proxy: Proxy, advisor: AdvisorServer, rest: float, is_asked_again: bool
) -> None:
    """Else each of the analyses that wait would hang on it in turn."""
    advisor.scripts = deque([GOOD])
    resting, url = replace(_PATIENCE, rest=rest), f"http://{proxy.address}/v1"
    async with open_advisor(url, api_key=None, model=MODEL, timeouts=resting) as client:
        parts = replace(platform, advisors=KnownAdvisors({"": client}))
        proxy.hang()
        assert _is_told_by_the_rules(await _run(parts))
        proxy.heal()
        await asyncio.sleep(0.2)
        assert _is_told_by_the_rules(await _run(parts)) is not is_asked_again
        assert bool(advisor.requests) is is_asked_again


async def test_one_that_is_gone_without_a_word(
    parts: Resources, proxy: Proxy, advisor: AdvisorServer
) -> None:
    """What hung is closed: the next reply comes over a new connection."""
    await parts.advisors.at(None).identity()
    proxy.lose()
    advisor.scripts = deque([GOOD])
    assert _is_told_by_the_rules(await _run(parts))
    assert not _is_told_by_the_rules(await _run(parts))


@pytest.mark.parametrize(
    "script",
    [
        Script(GOOD.chunks, pause_s=30),
        Script([*GOOD.chunks[:3], *[""] * 1000], pause_s=0.05),
        Script(["두피"] * 100_000, pause_s=0.001),
        Script([""] * 100_000, pause_s=0.01),
        Script(GOOD.chunks[:5], cut=True),
        Script([], status=503),
    ],
    ids=["first token", "stops", "without end", "nothing without end", "cut", "queue full"],
)
async def test_one_that_does_not_come_to_an_end(
    parts: Resources, advisor: AdvisorServer, script: Script
) -> None:
    advisor.scripts = deque([script])
    assert _is_told_by_the_rules(await _run(parts))


@pytest.mark.parametrize(
    "fault",
    [
        Proxy.hang,
        Proxy.cut,
        Proxy.refuse,
        lambda proxy: proxy.slow_down(pause_s=0.1, chunk=16),
    ],
    ids=["hangs", "cut", "refuses", "drips"],
)
async def test_one_that_fails_between_two_sentences(
    parts: Resources,
    proxy: Proxy,
    advisor: AdvisorServer,
    fault: Callable[[Proxy], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sentences that were released are taken back, by a restart that is told."""
    advisor.scripts = deque([Script(GOOD.chunks, pause_s=0.02)])
    write = Claim.write

    async def then_fault(self: Claim, *events: object, **changes: object) -> None:
        await write(self, *events, **changes)  # type: ignore[arg-type]
        if any(getattr(event, "kind", "") == "ADVICE_DELTA" for event in events):
            fault(proxy)

    monkeypatch.setattr(Claim, "write", then_fault)
    done = await _run(parts)
    assert _is_told_by_the_rules(done)
    kinds = [event.kind for event in done.events_after(0)]
    assert kinds.index("ADVICE_DELTA") < kinds.index("ADVICE_RESTARTED")


async def test_leaving_and_closing_do_not_wait_for_one_that_hangs(
    proxy: Proxy, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([Script(["가"] * 1000, pause_s=0.01)])
    async with asyncio.timeout(HANGS_AFTER_S):
        async with _client(proxy) as client:
            with pytest.raises(Unavailable):
                await _first_words(client, proxy)
            with pytest.raises(Unavailable):
                await client.identity()
        while proxy.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _first_words(client: OpenAIAdvisor, proxy: Proxy) -> None:
    async with client.reply(_ASKED, timeout=5) as reply:
        async for _ in reply.chunks():
            proxy.hang()
