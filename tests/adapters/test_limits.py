"""Token buckets: a burst, then a pace; wherever they are counted. Bounded memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import pytest

from dupi.adapters.limits import Limit, LocalRateLimits, RateLimits
from dupi.adapters.redis_client import open_redis
from dupi.adapters.redis_limits import RedisRateLimits
from dupi.errors import RateLimited
from tests.support.patience import HANGS_AFTER_S
from tests.support.redis import RedisServer

LIMIT = Limit(burst=3, refill_seconds=1000)
_PREFIX = "limits-test:"


class Counted(Protocol):
    limits: RateLimits

    async def let_pass(self, seconds: float) -> None:
        """As though so many seconds had passed."""


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class CountedHere:
    def __init__(self) -> None:
        self._clock = Clock()
        self.limits: RateLimits = LocalRateLimits(clock=self._clock)

    async def let_pass(self, seconds: float) -> None:
        self._clock.now += seconds


@dataclass
class CountedInRedis:
    server: RedisServer
    limits: RateLimits

    async def let_pass(self, seconds: float) -> None:
        for key in await self.server.ask("KEYS", f"{_PREFIX}*"):
            await self.server.ask("HINCRBYFLOAT", key, "at", -seconds)


@pytest.fixture
async def in_redis(redis: RedisServer) -> AsyncIterator[CountedInRedis]:
    await redis.ask("FLUSHALL")
    async with open_redis(redis.url, timeout_seconds=5, max_connections=5) as client:
        yield CountedInRedis(redis, RedisRateLimits(client, prefix=_PREFIX, timeout_seconds=5))


@pytest.fixture(params=["here", "in Redis"])
def counted(request: pytest.FixtureRequest, in_redis: CountedInRedis) -> Counted:
    return CountedHere() if request.param == "here" else in_redis


async def _refused(limits: RateLimits, key: str = "a", limit: Limit = LIMIT) -> int:
    """Seconds to wait."""
    with pytest.raises(RateLimited) as refused:
        await limits.take(key, limit)
    return refused.value.retry_after_seconds


async def test_a_burst_then_a_pace(counted: Counted) -> None:
    for _ in range(3):
        await counted.limits.take("a", LIMIT)
    assert 900 < await _refused(counted.limits) <= 1000
    await counted.limits.take("b", LIMIT)
    await counted.let_pass(600)
    assert 300 < await _refused(counted.limits) <= 400
    await counted.let_pass(400)
    await counted.limits.take("a", LIMIT)
    await _refused(counted.limits)
    await counted.let_pass(100_000)
    for _ in range(3):
        await counted.limits.take("a", LIMIT)
    await _refused(counted.limits)


async def test_refusals_cost_nothing(counted: Counted) -> None:
    for _ in range(3):
        await counted.limits.take("a", LIMIT)
    for _ in range(20):
        await _refused(counted.limits)
    await counted.let_pass(1000)
    await counted.limits.take("a", LIMIT)


async def test_a_clock_set_back_gives_nothing(counted: Counted) -> None:
    for _ in range(3):
        await counted.limits.take("a", LIMIT)
    await counted.let_pass(-5000)
    assert await _refused(counted.limits) <= 1000
    await counted.let_pass(1000)
    await counted.limits.take("a", LIMIT)


async def test_no_more_than_the_burst_get_through_at_once(counted: Counted) -> None:
    tries = (counted.limits.take("a", LIMIT) for _ in range(50))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert outcomes.count(None) == 3
    assert all(isinstance(outcome, RateLimited) for outcome in outcomes if outcome is not None)


async def test_any_key_will_do(counted: Counted) -> None:
    for key in ("", "x" * 100_000, "미나@example.com", "\udcff", "a b\n*{}"):
        for _ in range(3):
            await counted.limits.take(key, LIMIT)
        await _refused(counted.limits, key)


async def test_forgiven(counted: Counted) -> None:
    for _ in range(5):
        for _ in range(3):
            await counted.limits.take("a", LIMIT)
        await counted.limits.forgive("a")
    await counted.limits.forgive("nobody")


async def test_to_the_second_by_a_clock_that_stands_still() -> None:
    clock, limit = Clock(), Limit(burst=3, refill_seconds=10)
    limits = LocalRateLimits(clock=clock)
    for _ in range(3):
        await limits.take("a", limit)
    assert await _refused(limits, limit=limit) == 10
    clock.now = 9.0
    assert await _refused(limits, limit=limit) == 1
    clock.now = 10.0
    await limits.take("a", limit)


async def test_memory_is_bounded_and_the_busy_stay() -> None:
    limits = LocalRateLimits(capacity=10, clock=Clock())
    for _ in range(3):
        await limits.take("busy", LIMIT)
    for number in range(1000):
        await limits.take(f"n{number}", LIMIT)
        await _refused(limits, "busy")
    assert len(limits._buckets) == 10


async def test_redis_forgets_buckets_that_would_be_full(in_redis: CountedInRedis) -> None:
    await in_redis.limits.take("a", Limit(burst=5, refill_seconds=100))
    [key] = await in_redis.server.ask("KEYS", "*")
    assert key.startswith(_PREFIX.encode())
    assert 0 < await in_redis.server.ask("PTTL", key) <= 100_000
    await in_redis.limits.take("gone at once", Limit(burst=5, refill_seconds=0.001))
    async with asyncio.timeout(HANGS_AFTER_S):
        while await in_redis.server.ask("KEYS", "*") != [key]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_redis_is_told_no_names(in_redis: CountedInRedis) -> None:
    await in_redis.limits.take("mina@example.com", LIMIT)
    assert not await in_redis.server.ask("KEYS", "*mina*")


async def test_processes_count_together(redis: RedisServer, in_redis: CountedInRedis) -> None:
    async with open_redis(redis.url, timeout_seconds=5, max_connections=5) as client:
        other = RedisRateLimits(client, prefix=_PREFIX, timeout_seconds=5)
        await other.take("a", LIMIT)
        await in_redis.limits.take("a", LIMIT)
        await other.take("a", LIMIT)
        await _refused(in_redis.limits)
        await _refused(other)
        await in_redis.limits.forgive("a")
        await other.take("a", LIMIT)
