"""The core of all sections: callers that ask again and again, and contestants that take turns."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from dupi.concurrency import all_of
from tests.bench.figures import Figure, Row

P50: Final = "p50 ms"
P95: Final = "p95 ms"

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

Call = Callable[[int], Awaitable[object]]
"""One call of the caller of that number."""


@dataclass(frozen=True, slots=True)
class Load:
    """One repeat: how long it took, and how long each of its calls (seconds)."""

    seconds: float
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        return float(np.percentile(self.latencies, percent)) * 1000


async def drive(call: Call, *, at_once: int, seconds: float, apart_s: float = 0.0) -> Load:
    """``at_once`` callers call again and again; each ends its last call after ``seconds``.

    They begin ``apart_s`` seconds one after the other.

    The rate is over all of that time: while the last calls end, what serves them is still busy.
    """
    latencies: list[float] = []
    started = time.perf_counter()

    async def go_on(caller: int) -> None:
        await asyncio.sleep(caller * apart_s)
        while (begun := time.perf_counter()) - started < seconds:
            await call(caller)
            latencies.append(time.perf_counter() - begun)

    await all_of(go_on(caller) for caller in range(at_once))
    return Load(time.perf_counter() - started, latencies)


async def interleaved(
    contestants: Mapping[K, Callable[[], Awaitable[T]]], *, repeats: int, warm_ups: int = 1
) -> dict[K, list[T]]:
    """A B C, A B C, …: a machine that is slower for a while is so for all of them.

    The results of the first ``warm_ups`` rounds are dropped.
    """
    results: dict[K, list[T]] = {name: [] for name in contestants}
    for number in range(warm_ups + repeats):
        for name, run in contestants.items():
            result = await run()
            if number >= warm_ups:
                results[name].append(result)
    return results


def load_row(what: str, at_once: int, loads: Sequence[Load], rate: str, **more: Any) -> Row:
    """The rate under the name ``rate`` (``images/s``), and how long one call took."""
    figures = {
        rate: Figure.of([load.rate for load in loads]),
        P50: Figure.of([load.percentile_ms(50) for load in loads]),
        P95: Figure.of([load.percentile_ms(95) for load in loads]),
    }
    return Row(what, figures | more, at_once)
