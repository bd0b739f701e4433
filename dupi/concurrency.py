"""Small pieces for running things at once, and for waiting."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all at once; results in order. The first failure stops the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def first_of(*work: Coroutine[Any, Any, object]) -> None:
    """Run all at once until one ends; the others are cancelled. Raises what that one raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def wait_until(event: asyncio.Event, *, at_most: float) -> bool:
    """Wait for ``event``, ``at_most`` seconds; whether it is set."""
    try:
        async with asyncio.timeout(at_most):
            await event.wait()
    except TimeoutError:
        pass
    return event.is_set()


def raise_if_cancelled() -> None:
    """Where a library has swallowed that this task was cancelled, be cancelled all the same.

    ``asyncio.wait_for`` swallows it before Python 3.12 when what it waits for is through just then.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def not_cut_off(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end; whoever is cancelled meanwhile learns of it only then.

    For writes under a deadline of their own, after which something is cleared up.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


_unattended: set["asyncio.Task[Any]"] = set()


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end even where whoever waits for it is cancelled meanwhile.

    For short reads under a deadline of their own: PyMongo leaks a connection whose making is cut
    off.
    """
    task = asyncio.ensure_future(work)
    _unattended.add(task)
    task.add_done_callback(_unattended.discard)
    return await asyncio.shield(task)
