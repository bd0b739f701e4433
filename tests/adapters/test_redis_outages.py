"""Redis that goes away, hangs, is too busy or cuts us off: nothing fails, nothing waits for long,
and it comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from dupi.adapters.hints import Hints
from dupi.adapters.limits import Limit
from dupi.adapters.redis_client import open_redis
from dupi.adapters.redis_hints import RedisHints
from dupi.adapters.redis_limits import RedisRateLimits
from dupi.errors import RateLimited
from tests.adapters.conftest import TIMES, redis_hints
from tests.support.patience import HANGS_AFTER_S
from tests.support.redis import PASSWORD, RedisServer, running_redis

LIMIT = Limit(burst=3, refill_seconds=1000)
ALWAYS_TOLD = ("hearing hints", "counting tries")
"""What would hang without an end is given up after."""


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with running_redis() as server:
        yield server


@dataclass(frozen=True)
class TwoProcesses:
    here: RedisHints
    there: RedisHints


@pytest.fixture
async def hints(server: RedisServer) -> AsyncIterator[TwoProcesses]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(redis_hints(server.url))
        yield TwoProcesses(one, await stack.enter_async_context(redis_hints(server.url)))


@pytest.fixture
async def limits(server: RedisServer) -> AsyncIterator[RedisRateLimits]:
    async with open_redis(server.url, timeout_seconds=TIMES.answer, max_connections=5) as client:
        yield RedisRateLimits(client, prefix="test:", timeout_seconds=TIMES.answer)


async def _until_hints_come(here: Hints, there: Hints) -> None:
    """Publish again and again, until one arrives."""
    async with asyncio.timeout(HANGS_AFTER_S), there.subscribe("a") as subscription:
        while not await subscription.wait(0.05):
            await here.publish("a")


@pytest.mark.parametrize("how", ["killed", "hanging", "cut off"])
async def test_who_listens_is_woken_once_when_it_is_back_and_hears_on(
    server: RedisServer, hints: TwoProcesses, how: str
) -> None:
    async with hints.there.subscribe("a") as subscription:
        await hints.here.publish("a")
        assert await subscription.wait(HANGS_AFTER_S)
        if how == "killed":
            server.kill()
            assert not await subscription.wait(0.2)
            await server.start()
        elif how == "hanging":
            server.hang()
            assert not await subscription.wait(2 * (TIMES.answer + TIMES.ping))
            server.go_on()
        else:
            await server.ask("CLIENT", "KILL", "TYPE", "pubsub")
        assert await subscription.wait(HANGS_AFTER_S)
        assert not await subscription.wait(0.1)
        await hints.here.publish("a")
        assert await subscription.wait(HANGS_AFTER_S)


@pytest.mark.parametrize("is_hanging", [False, True])
async def test_meanwhile_nothing_waits_and_this_process_still_hears_itself(
    server: RedisServer, hints: TwoProcesses, is_hanging: bool
) -> None:
    await _until_hints_come(hints.here, hints.there)
    server.hang() if is_hanging else server.kill()
    async with asyncio.timeout(HANGS_AFTER_S):
        for number in range(2000):
            await hints.here.publish(f"a{number}")
        async with hints.here.subscribe("b") as subscription:
            await hints.here.publish("b")
            assert await subscription.wait(HANGS_AFTER_S)
        while not hints.here._listener._outage.is_on:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for _ in range(2000):  # each of which would wait for an answer, were it not known
            async with hints.here.subscribe("c"):
                pass
    assert len(hints.here._listener._channels) <= 3
    server.go_on()


async def test_what_waits_to_be_sent_is_bounded(server: RedisServer, hints: TwoProcesses) -> None:
    server.hang()
    for number in range(25_000):
        await hints.here.publish(f"a{number}")
    assert len(hints.here._outbox.channels) == 10_000
    server.go_on()
    await _until_hints_come(hints.here, hints.there)


async def test_hints_that_nobody_takes_pile_up_nowhere(hints: TwoProcesses) -> None:
    async with hints.there.subscribe("busy") as busy, hints.there.subscribe("a") as other:
        for _ in range(200):
            await hints.here.publish("busy")
            await asyncio.sleep(0)
        await hints.here.publish("a")
        assert await other.wait(HANGS_AFTER_S)
        assert await busy.wait(HANGS_AFTER_S)


async def test_a_process_starts_and_stops_without_redis(server: RedisServer) -> None:
    server.kill()
    async with redis_hints(server.url) as hints, hints.subscribe("a") as subscription:
        await server.start()
        assert await subscription.wait(HANGS_AFTER_S)
    async with redis_hints(server.url) as hints:
        server.kill()
        await hints.publish("a")


async def test_what_was_published_last_is_sent_before_closing(server: RedisServer) -> None:
    async with redis_hints(server.url) as there, there.subscribe("a") as subscription:
        async with redis_hints(server.url) as here:
            await here.publish("a")
        assert await subscription.wait(HANGS_AFTER_S)


@pytest.mark.parametrize("is_hanging", [False, True])
async def test_tries_are_counted_here_meanwhile(
    server: RedisServer, limits: RedisRateLimits, is_hanging: bool
) -> None:
    await limits.take("a", LIMIT)
    server.hang() if is_hanging else server.kill()
    async with asyncio.timeout(HANGS_AFTER_S):
        for _ in range(3):
            await limits.take("a", LIMIT)
        for _ in range(1000):  # each of which would wait for an answer, were it not known
            with pytest.raises(RateLimited):
                await limits.take("a", LIMIT)
        await limits.forgive("a")
        await limits.take("a", LIMIT)
    server.go_on()


async def test_tries_are_counted_in_redis_again(
    server: RedisServer, limits: RedisRateLimits
) -> None:
    server.kill()
    await limits.take("a", LIMIT)
    await server.start()
    async with asyncio.timeout(HANGS_AFTER_S):
        while not await server.ask("KEYS", "test:*"):
            await limits.forgive("b")
            await limits.take("b", LIMIT)
            await asyncio.sleep(0.05)


async def test_a_redis_that_may_not_write_counts_as_away(
    server: RedisServer, limits: RedisRateLimits
) -> None:
    await server.ask("CONFIG", "SET", "maxmemory", "1")
    await server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    for _ in range(3):
        await limits.take("a", LIMIT)
    with pytest.raises(RateLimited):
        await limits.take("a", LIMIT)


def _away(part: str) -> float | None:
    return REGISTRY.get_sample_value("dupi_redis_away", {"part": part})


async def test_an_outage_is_told_once_and_without_the_password(server: RedisServer) -> None:
    with capture_logs() as lines:
        async with (
            redis_hints(server.url) as hints,
            open_redis(server.url, timeout_seconds=0.5, max_connections=5) as client,
        ):
            limits = RedisRateLimits(client, prefix="test:", timeout_seconds=0.5)
            for _ in range(2):
                await _until_hints_come(hints, hints)
                server.kill()
                async with hints.subscribe("a") as subscription:
                    for _ in range(8):
                        await limits.forgive("a")
                        await limits.take("a", LIMIT)
                        await hints.publish("b")
                        await asyncio.sleep(0.1)
                    assert [_away(part) for part in ALWAYS_TOLD] == [1, 1]
                    await server.start()
                    assert await subscription.wait(HANGS_AFTER_S)
                async with asyncio.timeout(HANGS_AFTER_S):
                    while limits._outage.is_on:
                        await limits.forgive("a")
                        await asyncio.sleep(0.05)
    for part in ALWAYS_TOLD:
        assert _away(part) == 0
        told = [line["event"] for line in lines if line["part"] == part]
        assert told == ["redis_away", "redis_back"] * 2
    assert PASSWORD not in repr(lines)


async def test_a_wrong_password_is_told_and_not_shown(server: RedisServer) -> None:
    url = server.url.replace(PASSWORD, "wrong-password")
    with capture_logs() as lines:
        async with redis_hints(url) as hints:
            async with asyncio.timeout(HANGS_AFTER_S):
                while not lines:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            async with hints.subscribe("a"):
                pass
    assert lines[0]["event"] == "redis_away"
    assert "wrong-password" not in repr(lines)
