"""From a worker's event to the client that follows: hints inside one process, and through Redis."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import chain
from typing import Final

import numpy as np

from api.local_stack.plan import WEB, StackShape
from dupi.concurrency import all_of
from tests.bench.figures import Figure, Row, Table
from tests.bench.inputs import example_files
from tests.bench.people import Person, Told, people
from tests.bench.rig import Rig, beside
from tests.bench.timing import P50, P95, interleaved

LOCAL: Final = "worker inside web"
REDIS: Final = "worker apart, hints by Redis"

_CROWDS: Final = (1, 4)
_NOTES: Final = (
    "From when the worker made the event, before it stored it, to its arrival over the socket:",
    "store, hint, reading, sending. Times of events are whole milliseconds, cut: half a one less.",
    "Advice by vLLM. Events that were stored before the client had subscribed are left out.",
)


async def measure(rig: Rig) -> list[Table]:
    async with _followers(rig) as crowds:
        turns = {
            (at_once, name): partial(_follow, everyone[:at_once])
            for at_once in _CROWDS
            for name, everyone in crowds.items()
        }
        delays = await interleaved(turns, repeats=rig.scale.repeats)
    rows = [_row(name, at_once, delays[at_once, name]) for at_once, name in turns]
    return [Table("Progress event, from worker to client", rows, _NOTES)]


@asynccontextmanager
async def _followers(rig: Rig) -> AsyncIterator[Mapping[str, Sequence[Person]]]:
    shape = StackShape(webs=1, workers=1, has_redis=True)
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(beside(rig, "progress", shape))
        urls = {LOCAL: rig.web_url, REDIS: shared.plan.endpoint(WEB)}
        crowds = {
            name: await stack.enter_async_context(people(url, max(_CROWDS)))
            for name, url in urls.items()
        }
        for person in chain(*crowds.values()):
            person.photos = [await person.upload(path.read_bytes()) for path in example_files()]
        yield crowds


async def _follow(everyone: Sequence[Person]) -> list[float]:
    """Milliseconds of every event of an analysis of each person."""
    told = await all_of(person.analyse(person.photos[0]) for person in everyone)
    return [delay for one in told for delay in _delays(one)]


def _delays(told: Sequence[Told]) -> list[float]:
    """The first event comes by reading what was stored; then the client is known to follow."""
    follows_since = told[0].received
    return [
        1000 * (one.received - one.written).total_seconds()
        for one in told
        if one.written > follows_since
    ]


def _row(name: str, at_once: int, repeats: Sequence[list[float]]) -> Row:
    def percentile(percent: float) -> Figure:
        return Figure.of([float(np.percentile(delays, percent)) for delays in repeats])

    counts = Figure.of([len(delays) for delays in repeats])
    return Row(name, {P50: percentile(50), P95: percentile(95), "events": counts}, at_once)
