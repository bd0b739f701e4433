"""Token buckets: a burst, then a pace; bounded memory."""

import pytest

from dupi.adapters.limits import Limit, LocalRateLimits
from dupi.errors import RateLimited

LIMIT = Limit(burst=3, refill_seconds=10)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_burst_then_a_pace() -> None:
    clock = Clock()
    limits = LocalRateLimits(clock=clock)
    for _ in range(3):
        await limits.take("a", LIMIT)
    with pytest.raises(RateLimited) as refused:
        await limits.take("a", LIMIT)
    assert refused.value.retry_after_seconds == 10
    await limits.take("b", LIMIT)
    clock.now = 9.0
    with pytest.raises(RateLimited) as refused:
        await limits.take("a", LIMIT)
    assert refused.value.retry_after_seconds == 1
    clock.now = 10.0
    await limits.take("a", LIMIT)
    clock.now = 1000.0
    for _ in range(3):
        await limits.take("a", LIMIT)
    with pytest.raises(RateLimited):
        await limits.take("a", LIMIT)


async def test_forgiven() -> None:
    limits = LocalRateLimits(clock=Clock())
    for _ in range(5):
        for _ in range(3):
            await limits.take("a", LIMIT)
        await limits.forgive("a")
    await limits.forgive("nobody")


async def test_memory_is_bounded_and_the_busy_stay() -> None:
    limits = LocalRateLimits(capacity=10, clock=Clock())
    for _ in range(3):
        await limits.take("busy", LIMIT)
    for number in range(1000):
        await limits.take(f"n{number}", LIMIT)
        with pytest.raises(RateLimited):
            await limits.take("busy", LIMIT)
    assert len(limits._buckets) == 10
