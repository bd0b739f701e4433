"""Threads for work that would hold up the event loop: few, with a bounded queue and a deadline."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dupi.errors import Unavailable

T = TypeVar("T")


class BoundedPool:
    """At most ``workers`` calls at work and ``queue`` waiting; one more is refused at once."""

    def __init__(self, name: str, *, workers: int, queue: int, timeout_seconds: float) -> None:
        self._name = name
        self._places = threading.BoundedSemaphore(workers + queue)
        self._timeout_seconds = timeout_seconds
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Raises Unavailable where the pool is full or the call took too long.

        A call that took too long keeps its place until its thread is through: a thread cannot be
        stopped, and giving its place away would unbound the queue. One that has not begun is
        dropped.
        """
        if not self._places.acquire(blocking=False):
            raise Unavailable(f"{self._name}: full", retry_after_seconds=2, reason=self._name)
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._places.release())
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError as slow:
            raise Unavailable(f"{self._name}: too slow", reason=self._name) from slow

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
