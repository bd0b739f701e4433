"""Hints wake who listens; many are one; nobody listening is fine. Whoever carries them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from dupi.adapters.hints import Hints, LocalHints
from tests.adapters.conftest import redis_hints
from tests.support.patience import HANGS_AFTER_S
from tests.support.redis import RedisServer


@dataclass(frozen=True)
class Ends:
    """Hints as the one who publishes holds them, and as those who listen do."""

    here: Hints
    there: Hints


@pytest.fixture(params=["in one process", "one process with Redis", "two processes"])
async def ends(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Ends]:
    async with AsyncExitStack() as stack:
        if request.param == "in one process":
            hints: Hints = LocalHints()
            yield Ends(hints, hints)
            return
        here = there = await stack.enter_async_context(redis_hints(redis.url))
        if request.param == "two processes":
            there = await stack.enter_async_context(redis_hints(redis.url))
        yield Ends(here, there)


async def test_a_hint_after_entering_is_not_missed(ends: Ends) -> None:
    for number in range(20):
        async with ends.there.subscribe(f"a{number}") as subscription:
            await ends.here.publish(f"a{number}")
            assert await subscription.wait(10)
            assert not await subscription.wait(0.01)


async def test_coming_back_at_once_is_as_good_as_coming(ends: Ends) -> None:
    for _ in range(20):
        async with ends.there.subscribe("a") as subscription:
            await ends.here.publish("a")
            assert await subscription.wait(10)


async def test_many_hints_are_few(ends: Ends) -> None:
    woken = 0
    async with ends.there.subscribe("a") as subscription:
        for _ in range(1000):
            await ends.here.publish("a")
        while await subscription.wait(0.3):
            woken += 1
    assert 1 <= woken < 10


async def test_everyone_who_listens_is_woken_and_nobody_else(ends: Ends) -> None:
    async with (
        ends.there.subscribe("a") as one,
        ends.there.subscribe("a") as two,
        ends.there.subscribe("b") as other,
    ):
        waits = [asyncio.create_task(listener.wait(10)) for listener in (one, two)]
        await asyncio.sleep(0)
        await ends.here.publish("a")
        assert await asyncio.gather(*waits) == [True, True]
        assert not await other.wait(0.05)


async def test_who_stays_hears_on_when_another_leaves(ends: Ends) -> None:
    async with ends.there.subscribe("a") as stays:
        async with ends.there.subscribe("a"):
            pass
        await ends.here.publish("a")
        assert await stays.wait(10)


async def test_one_who_left_before_an_answer_disturbs_nobody(ends: Ends) -> None:
    async def leave_soon() -> None:
        async with ends.there.subscribe("a"):
            pass

    for _ in range(20):
        leaving = asyncio.create_task(leave_soon())
        await asyncio.sleep(0)
        leaving.cancel()
        async with ends.there.subscribe("a") as stays:
            await ends.here.publish("a")
            assert await stays.wait(10)


async def test_nothing_is_left_behind(ends: Ends) -> None:
    async with ends.there.subscribe("a"):
        pass
    await ends.here.publish("a")
    await ends.here.publish("nobody")
    there = ends.there
    local = there if isinstance(there, LocalHints) else there._local  # type: ignore[attr-defined]
    assert not local._listeners


async def test_redis_keeps_no_channel_that_nobody_listens_to(redis: RedisServer) -> None:
    async with redis_hints(redis.url) as hints:
        async with hints.subscribe("a"), hints.subscribe("b"):
            assert sorted(await redis.ask("PUBSUB", "CHANNELS")) == [b"test:a", b"test:b"]
        async with asyncio.timeout(HANGS_AFTER_S):
            while await redis.ask("PUBSUB", "CHANNELS"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not hints._listener._channels
        async with hints.subscribe("c"):
            assert len((await redis.ask("CLIENT", "LIST", "TYPE", "pubsub")).splitlines()) == 1
