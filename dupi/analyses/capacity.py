"""How much waits, how fast it is worked off, and what is therefore not taken on.

Workers tell how many analyses each of them runs at once and how long one takes of late. From that,
and from how many are unfinished, follows how long a new one would wait. What would wait too long
to be done by its deadline is refused at once, with the time after which it may be worth a try.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from dupi.analyses.queue import list_unfinished
from dupi.clock import epoch_ms, utc_now
from dupi.documents import StoredDocument
from dupi.errors import RateLimited, Unavailable

if TYPE_CHECKING:
    from dupi.resources import Resources

_SEEN_WITHIN_MS: Final = 75_000
"""Clocks of two machines may lie a minute apart, and a report may be late."""
_FORGOTTEN_AFTER_MS: Final = 600_000
_SMOOTHING: Final = 0.2
_LONGEST_RETRY_S: Final = 120
_REMEMBERED_S: Final = 1.0
_WAITING_AT_MOST: Final = 8


class WorkerRecord(StoredDocument):
    """A worker process: how many it runs at once, and seconds from claim to end of one."""

    slots: int
    seconds_each: float
    seen_at_ms: int

    class Settings:
        name = "workers"
        indexes: ClassVar = [IndexModel([("seen_at_ms", ASCENDING)], name="seen")]


class Pace:
    """How fast one worker process is of late: seconds from claim to end, a moving average."""

    def __init__(self, expected_seconds: float) -> None:
        self._average = expected_seconds
        self._under_way: set[float] = set()

    @property
    def seconds_each(self) -> float:
        """What is under way for longer than that tells of a machine that has become slower."""
        now = time.monotonic()
        return max(self._average, *(now - began for began in self._under_way), 0.0)

    @contextmanager
    def timed(self) -> Iterator[None]:
        began = time.monotonic()
        self._under_way.add(began)
        try:
            yield
        finally:
            self._under_way.discard(began)
        self.saw(time.monotonic() - began)

    def saw(self, seconds: float) -> None:
        self._average += _SMOOTHING * (seconds - self._average)


async def report_pace(worker_id: str, *, slots: int, pace: Pace) -> None:
    """Say that this worker lives, and how fast it is."""
    values = {"slots": slots, "seconds_each": pace.seconds_each, "seen_at_ms": epoch_ms(utc_now())}
    await _workers().update_one({"_id": worker_id}, {"$set": values}, upsert=True)


async def forget_worker(worker_id: str) -> None:
    """It has stopped; and those that fell silent long ago are forgotten with it."""
    await _workers().delete_one({"_id": worker_id})
    long_ago = epoch_ms(utc_now()) - _FORGOTTEN_AFTER_MS
    await _workers().delete_many({"seen_at_ms": {"$lt": long_ago}})


@dataclass(frozen=True, slots=True)
class Throughput:
    """All workers together: how many analyses at once, how many a second."""

    slots: int
    per_second: float

    def seconds_until_begun(self, unfinished: int) -> float:
        """How long one more waits behind so many; 0 where a slot is free, however slow it is."""
        return max(0, unfinished + 1 - self.slots) / self.per_second


class Desk:
    """Where one process lets analyses in, one at a time. A crowd is refused at once, from memory:
    asking the store for each of them would take longer than they should wait for a no."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._full_until = 0.0
        self._retry_after = 1
        self._known_until = 0.0
        self._throughput = Throughput(1, 1.0)

    def is_full(self, *, retry_after_seconds: int) -> None:
        """Remember it for a moment."""
        self._full_until = time.monotonic() + _REMEMBERED_S
        self._retry_after = retry_after_seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises Unavailable where it was full just now, or where many wait."""
        self.refuse_crowd()
        self._waiting += 1
        try:
            async with self._lock:
                self.refuse_full()
                yield
        finally:
            self._waiting -= 1

    def refuse_crowd(self) -> None:
        """Raises Unavailable where there is no sense in preparing for a turn."""
        self.refuse_full()
        if self._waiting >= _WAITING_AT_MOST:
            raise Unavailable("many ask at once", retry_after_seconds=2, reason="queue")

    async def throughput(self, *, expected_seconds: float) -> Throughput:
        """Of all workers, as it was a moment ago."""
        if time.monotonic() >= self._known_until:
            self._throughput = await _throughput(expected_seconds=expected_seconds)
            self._known_until = time.monotonic() + _REMEMBERED_S
        return self._throughput

    def refuse_full(self) -> None:
        """Raises Unavailable where it was full just now."""
        if time.monotonic() < self._full_until:
            raise Unavailable(
                "the queue is full", retry_after_seconds=self._retry_after, reason="queue"
            )


@asynccontextmanager
async def refuse_overload(resources: "Resources", owner_id: str) -> AsyncIterator[None]:
    """Add one unfinished analysis inside. One at a time in a process, so that a rush of requests
    that all read the same count cannot pass together.

    Raises RateLimited (too many of this person's), Unavailable (it would wait too long).
    """
    async with resources.admission.turn():
        limits = resources.settings.analyses
        owners = await list_unfinished(at_most=limits.max_queued)
        if owners.count(owner_id) >= limits.max_running_per_person:
            raise RateLimited("this person has too many running", retry_after_seconds=10)
        await _refuse_long_wait(resources, len(owners))
        yield


async def _refuse_long_wait(resources: "Resources", unfinished: int) -> None:
    limits = resources.settings.analyses
    working = await resources.admission.throughput(expected_seconds=limits.expected_seconds)
    seconds_too_long = working.seconds_until_begun(unfinished) - limits.max_wait_seconds
    if unfinished >= limits.max_queued or seconds_too_long > 0:
        seconds = min(max(1, math.ceil(seconds_too_long)), _LONGEST_RETRY_S)
        resources.admission.is_full(retry_after_seconds=seconds)
        raise Unavailable("the queue is full", retry_after_seconds=seconds, reason="queue")


async def _throughput(*, expected_seconds: float) -> Throughput:
    """Of the workers that were seen just now; without any, of one that is expected."""
    since = epoch_ms(utc_now()) - _SEEN_WITHIN_MS
    rows = await _workers().find({"seen_at_ms": {"$gte": since}}).limit(1000).to_list()
    if not rows:
        return Throughput(1, 1 / expected_seconds)
    per_second = sum(row["slots"] / max(row["seconds_each"], 0.01) for row in rows)
    return Throughput(sum(row["slots"] for row in rows), per_second)


def _workers() -> AsyncCollection[dict[str, Any]]:
    return WorkerRecord.get_pymongo_collection()
