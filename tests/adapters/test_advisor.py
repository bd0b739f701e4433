"""The advisor's client against a real server that misbehaves."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import pytest

from dupi.adapters.advisor import AdvisorIdentity, AdvisorTimeouts, OpenAIAdvisor, open_advisor
from dupi.adapters.advisors import open_advisors
from dupi.errors import Unavailable
from tests.support.advisor_server import MODEL, VERSION, AdvisorServer, Script, running_advisor
from tests.support.patience import HANGS_AFTER_S

LIMITS = AdvisorTimeouts(connect=0.5, first_token=1.0, between_tokens=0.3, total=1.5)
ASKED = [{"role": "user", "content": "질문"}]


@pytest.fixture
async def server() -> AsyncIterator[AdvisorServer]:
    async with running_advisor() as running:
        yield running


@pytest.fixture
async def advisor(server: AdvisorServer) -> AsyncIterator[OpenAIAdvisor]:
    async with open_advisor(server.url, api_key=None, model=MODEL, timeouts=LIMITS) as client:
        yield client


async def read(advisor: OpenAIAdvisor, *, within: float = 5) -> list[str]:
    async with advisor.reply(ASKED, timeout=within) as reply:
        return [chunk async for chunk in reply.chunks()]


async def test_a_reply_comes_in_pieces(advisor: OpenAIAdvisor, server: AdvisorServer) -> None:
    server.scripts = deque([Script(["두피", "가 ", "좋아요."])])
    assert await read(advisor) == ["두피", "가 ", "좋아요."]
    assert server.requests[0]["messages"] == ASKED
    assert server.requests[0]["stream"] is True


async def test_who_answers_is_what_the_server_says(
    advisor: OpenAIAdvisor, server: AdvisorServer
) -> None:
    assert await advisor.identity() == AdvisorIdentity(MODEL, VERSION)
    server.served = [MODEL]
    assert await advisor.identity() == AdvisorIdentity(MODEL, None)
    server.served = [MODEL, f"{MODEL}:{VERSION}", f"{MODEL}:prompt-2"]
    assert await advisor.identity() == AdvisorIdentity(MODEL, VERSION, "2")
    server.served = [MODEL, f"{MODEL}:rules-2", f"{MODEL}:prompt-2", f"{MODEL}:{VERSION}"]
    assert await advisor.identity() == AdvisorIdentity(MODEL, VERSION, "2", "2")
    server.served = ["another"]
    with pytest.raises(Unavailable, match="not served"):
        await advisor.identity()


@pytest.mark.parametrize(
    "script",
    [
        Script(["가"], status=503),
        Script(["가"], status=404),
        Script(["가"], status=429),
        Script(["가"], pause_s=1.2),
        Script(["가", "나"], pause_s=0.5),
        Script(["가"] * 20, pause_s=0.1),
        Script(["가"], cut=True),
        Script([], cut=True),
        Script(["가"], nonsense="<html>"),
    ],
    ids=["503", "404", "429", "first", "between", "total", "cut", "nothing", "nonsense"],
)
async def test_whatever_goes_wrong_is_unavailable(
    advisor: OpenAIAdvisor, server: AdvisorServer, script: Script
) -> None:
    server.scripts = deque([script])
    async with asyncio.timeout(HANGS_AFTER_S):
        with pytest.raises(Unavailable) as failure:
            await read(advisor)
    assert failure.value.reason == "advisor"


async def test_a_server_that_is_away_is_unavailable() -> None:
    nowhere = "http://127.0.0.1:9/v1"
    async with open_advisor(nowhere, api_key=None, model=MODEL, timeouts=LIMITS) as client:
        with pytest.raises(Unavailable):
            await client.identity()
        with pytest.raises(Unavailable):
            await read(client)


async def test_a_version_is_asked_for_by_its_name(
    advisor: OpenAIAdvisor, server: AdvisorServer
) -> None:
    """So that a server that was replaced a moment ago answers nothing, rather than as another."""
    server.scripts = deque([Script(["가"])])
    async with advisor.reply(ASKED, timeout=5, version=VERSION) as reply:
        assert [chunk async for chunk in reply.chunks()] == ["가"]
    assert server.requests[0]["model"] == f"{MODEL}:{VERSION}"
    server.served = [MODEL, f"{MODEL}:8"]
    with pytest.raises(Unavailable):
        async with advisor.reply(ASKED, timeout=5, version=VERSION):
            pass


async def test_only_endpoints_of_the_settings_are_spoken_to(server: AdvisorServer) -> None:
    both = [server.url, "http://127.0.0.1:9/v1"]
    async with open_advisors(both, api_key=None, model=MODEL, timeouts=LIMITS) as advisors:
        assert advisors.endpoints == tuple(both)
        assert (await advisors.at(None).identity()).version == VERSION
        assert advisors.at(server.url) is advisors.at(None)
        with pytest.raises(Unavailable):
            await advisors.at(both[1]).identity()
        with pytest.raises(Unavailable, match="no such endpoint"):
            advisors.at("http://elsewhere.example/v1")


async def test_leaving_a_reply_ends_it_at_the_server(
    advisor: OpenAIAdvisor, server: AdvisorServer
) -> None:
    server.scripts = deque([Script(["가"] * 1000, pause_s=0.01)])
    async with advisor.reply(ASKED, timeout=5) as reply:
        async for _ in reply.chunks():
            break
    async with asyncio.timeout(HANGS_AFTER_S):
        while not server.abandoned:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
