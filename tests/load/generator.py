"""``python -m tests.load.generator '{"web": …, "seed": …, …}'``: makes the load, in a process of
its own.

First a closed loop measures what the platform can do; then people arrive at a multiple of that
rate, whether or not the ones before were served. Prints one JSON object a line: how it stands, and
last what came of it.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from dupi.analyses.queue import list_unfinished
from dupi.concurrency import wait_until
from dupi.resources import open_resources
from dupi.settings import load_settings
from tests.load.journeys import Journeys, Tally, Temper
from tests.load.people import make_people, settings_for_signing_up
from tests.load.wire import Wire

_WARM_UP_SECONDS: Final = 5.0
_QUEUE_LOOK_SECONDS: Final = 2.0
_COUNTED_AT_MOST: Final = 2_000
_REST_WITHIN_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Orders:
    """``measure_seconds`` of a closed loop of ``clients``; then ``seconds`` at ``factor`` times
    what it did. ``rate`` (analyses a second) leaves the measuring out."""

    web: str
    seed: int
    seconds: float
    measure_seconds: float
    factor: float
    people: int
    clients: int
    rate: float | None = None


def say(kind: str, **values: Any) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **values}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


async def carry_out(orders: Orders) -> None:
    async with open_resources(settings_for_signing_up(load_settings())) as resources:
        tokens = await make_people(resources, orders.people)
        say("people", count=len(tokens))
        load = Load(orders, Wire(orders.web), tokens)
        async with watched_queue() as depth:
            rate = orders.rate or await load.measure()
            say("capacity", per_second=rate)
            depth.clear()
            say("done", **await load.overload(rate), depth=depth)
        await load.wire.close()


@dataclass
class Load:
    """The two loops, over the same people."""

    orders: Orders
    wire: Wire
    tokens: list[str]

    async def measure(self) -> float:
        """Analyses a second, of people of whom each begins anew when the last was served."""
        journeys, stop = self._journeys("measure"), asyncio.Event()

        async def again_and_again() -> None:
            while not stop.is_set():
                await journeys.go(Temper.PATIENT)

        began = time.monotonic() + _WARM_UP_SECONDS
        ends = began + self.orders.measure_seconds
        loops = [asyncio.create_task(again_and_again()) for _ in range(self.orders.clients)]
        await asyncio.sleep(ends - time.monotonic())
        stop.set()
        await asyncio.gather(*loops)
        done = sum(began <= at < ends for at in journeys.tally.ended_at)
        say("measured", **summary(journeys.tally))
        return max(done, 1) / self.orders.measure_seconds

    async def overload(self, rate: float) -> dict[str, Any]:
        """What came of people who arrive at ``factor`` times ``rate``, each seen to the end."""
        journeys, going = self._journeys("overload"), set[asyncio.Task[None]]()
        began, burnt = time.monotonic(), _cpu_seconds()
        async for _ in self._arrivals(began, rate * self.orders.factor):
            task = asyncio.create_task(journeys.go())
            going.add(task)
            task.add_done_callback(going.discard)
        loaded = time.monotonic() - began
        say("loaded", seconds=loaded, going=len(going))
        under_load = {
            "seconds": loaded,
            "generator_cpu": (_cpu_seconds() - burnt) / loaded,
            "completed_under_load": len(journeys.tally.ended_at),
        }
        with suppress(TimeoutError):
            async with asyncio.timeout(_REST_WITHIN_SECONDS):
                await asyncio.gather(*going)
        at_rest = {"going": len(going), "unfinished": await _unfinished_at_rest()}
        return summary(journeys.tally) | under_load | at_rest

    async def _arrivals(self, began: float, rate: float) -> AsyncIterator[None]:
        """At random, ``rate`` a second on average, however the ones before fare."""
        dice, at = self._dice("arrivals"), 0.0
        while (at := at + dice.expovariate(rate)) < self.orders.seconds:
            await asyncio.sleep(max(0, began + at - time.monotonic()))
            yield

    def _journeys(self, purpose: str) -> Journeys:
        return Journeys(self.wire, self.tokens, self._dice(purpose))

    def _dice(self, purpose: str) -> random.Random:
        return random.Random(f"{self.orders.seed}/{purpose}")  # noqa: S311 to be repeatable


@asynccontextmanager
async def watched_queue() -> AsyncIterator[list[int]]:
    """How many analyses are unfinished, every two seconds."""
    depth, stop = list[int](), asyncio.Event()

    async def watch() -> None:
        while not await wait_until(stop, at_most=_QUEUE_LOOK_SECONDS):
            depth.append(len(await list_unfinished(at_most=_COUNTED_AT_MOST)))

    watcher = asyncio.create_task(watch())
    try:
        yield depth
    finally:
        stop.set()
        await watcher


async def _unfinished_at_rest() -> int:
    """Analyses left a moment after the last person has gone."""
    for _ in range(10):
        if not len(await list_unfinished(at_most=_COUNTED_AT_MOST)):
            break
        await asyncio.sleep(1)
    return len(await list_unfinished(at_most=_COUNTED_AT_MOST))


def summary(tally: Tally) -> dict[str, Any]:
    """Everything countable; problems that are alike are told once, with their number."""
    alike = Counter(tally.problems)
    return vars(tally) | {
        "refusals": [asdict(refusal) for refusal in tally.refusals],
        "problems": [f"{text} (× {times})" for text, times in alike.most_common(50)],
        "ended_at": None,
    }


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(carry_out(Orders(**json.loads(sys.argv[1]))))
