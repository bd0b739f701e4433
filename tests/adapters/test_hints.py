"""Hints wake who listens; many are one; nobody listening is fine."""

import asyncio

from dupi.adapters.hints import LocalHints


async def test_a_hint_after_entering_is_not_missed() -> None:
    hints = LocalHints()
    async with hints.subscribe("a") as subscription:
        await hints.publish("a")
        assert await subscription.wait(0.1)
        assert not await subscription.wait(0.01)


async def test_many_hints_are_one() -> None:
    hints = LocalHints()
    async with hints.subscribe("a") as subscription:
        for _ in range(1000):
            await hints.publish("a")
        assert await subscription.wait(0.1)
        assert not await subscription.wait(0.01)


async def test_everyone_who_listens_is_woken_and_nobody_else() -> None:
    hints = LocalHints()
    async with (
        hints.subscribe("a") as one,
        hints.subscribe("a") as two,
        hints.subscribe("b") as other,
    ):
        waits = [asyncio.create_task(listener.wait(0.2)) for listener in (one, two, other)]
        await asyncio.sleep(0)
        await hints.publish("a")
        assert await asyncio.gather(*waits) == [True, True, False]


async def test_nothing_is_left_behind() -> None:
    hints = LocalHints()
    async with hints.subscribe("a"):
        pass
    await hints.publish("a")
    await hints.publish("nobody")
    assert not hints._listeners
