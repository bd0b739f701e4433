"""Photos through the public API, advice in the rules' words, beside Triton alone."""

import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from api.local_stack.plan import WEB, StackShape
from api.local_stack.stack import Stack
from dupi.adapters.triton import open_triton
from tests.bench.classifiers import TritonContender
from tests.bench.figures import Figure, Row, Table
from tests.bench.inputs import example_files, model_inputs
from tests.bench.memory import processor_seconds
from tests.bench.people import Person, people
from tests.bench.rig import Rig, beside, refusing_url
from tests.bench.timing import Load, drive, interleaved, load_row

RAW: Final = "Triton alone"
ANALYSE: Final = "analysis, photo stored"
UPLOAD: Final = "upload"
WHOLE: Final = "upload and analysis"

_APART_S: Final = 0.02
"""Between people's beginnings: all in the same instant would be a crowd that is refused."""
_API_SECONDS: Final = 2.0
"""Times what Triton alone is given: an analysis takes longer than one inference."""
_OPEN_DOORS: Final = {
    "DUPI_ACCOUNTS__SIGN_UPS_PER_ADDRESS": "1000",
    "DUPI_API__UPLOADS_AT_ONCE": "64",
    "DUPI_PHOTOS__UPLOADS_PER_PERSON": "1000000",
    "DUPI_PHOTOS__DECODE_QUEUE": "64",
}
_NOTES: Final = (
    "One photo (640 × 480) an analysis; each person has one under way and waits for its end.",
    "Advice is off: the advisor's address refuses at once, so the rules' own text is stored.",
    "Two analyses at once, as set by default; bounds on uploads are lifted, for what is",
    "asked here is speed. The callers share the machine's cores.",
)
_PROCESSOR_NOTES: Final = ("By who spent it, most callers at once.",)


@dataclass
class Crowd:
    """Calls through the API, by as many people; counts what was done."""

    everyone: Sequence[Person]
    files: Sequence[bytes]
    stacks: Sequence[Stack]
    seconds: float
    processor: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    async def run(self, what: str, call: Callable[[int], Awaitable[object]], at_once: int) -> Load:
        before = self._spent()
        load = await drive(call, at_once=at_once, seconds=self.seconds, apart_s=_APART_S)
        each = {
            k: 1000 * (v - before.get(k, 0)) / len(load.latencies) for k, v in self._spent().items()
        }
        self.processor.setdefault(f"{what} {at_once}", []).append(each)
        return load

    async def upload(self, caller: int) -> str:
        return await self.everyone[caller].upload(self._next_file())

    async def analyse(self, caller: int) -> None:
        person = self.everyone[caller]
        await person.analyse(person.photos[next(self._turn) % len(person.photos)])

    async def whole(self, caller: int) -> None:
        await self.everyone[caller].analyse(await self.upload(caller))

    async def prepare(self) -> None:
        """Everyone stores the photos that are analysed again and again."""
        for person in self.everyone:
            person.photos = [await person.upload(file) for file in self.files]

    def _next_file(self) -> bytes:
        return self.files[next(self._turn) % len(self.files)]

    def _spent(self) -> dict[str, float]:
        parts = {k: v for stack in self.stacks for k, v in processor_seconds(stack).items()}
        return parts | {"callers": time.process_time()}


async def measure(rig: Rig) -> list[Table]:
    async with _web_without_advisor(rig) as stack, _contestants(rig, stack) as (crowd, calls):
        turns = {
            (at_once, name): partial(call, at_once)
            for at_once in rig.scale.crowds
            for name, call in calls.items()
        }
        loads = await interleaved(turns, repeats=rig.scale.repeats)
    rows = [load_row(name, at_once, loads[at_once, name], "photos/s") for at_once, name in turns]
    refused = sum(person.refused for person in crowd.everyone)
    notes = (*_NOTES, f"{refused} requests for an analysis were refused, and asked again in time.")
    return [
        Table("Photos through the public API, advice off", rows, notes),
        _processor_table(crowd, max(rig.scale.crowds)),
    ]


@asynccontextmanager
async def _web_without_advisor(rig: Rig) -> AsyncIterator[Stack]:
    changes = {"DUPI_ADVISOR_URL": refusing_url(), **_OPEN_DOORS}
    async with beside(rig, "journeys", StackShape(), changes) as stack:
        yield stack


@asynccontextmanager
async def _contestants(
    rig: Rig, stack: Stack
) -> AsyncIterator[tuple[Crowd, Mapping[str, Callable[[int], Awaitable[Load]]]]]:
    inputs = model_inputs(rig.dice("journeys"), len(example_files()))
    async with (
        open_triton(rig.triton_url, control_timeout=5, load_timeout=60) as triton,
        people(stack.plan.endpoint(WEB), max(rig.scale.crowds)) as everyone,
    ):
        files = [path.read_bytes() for path in example_files()]
        rig.dice("photos").shuffle(files)
        crowd = Crowd(everyone, files, (rig.stack, stack), rig.scale.seconds * _API_SECONDS)
        await crowd.prepare()
        calls = {ANALYSE: crowd.analyse, UPLOAD: crowd.upload, WHOLE: crowd.whole}
        raw = TritonContender(triton, inputs, rig.scale.seconds)
        yield crowd, {RAW: raw} | {n: partial(crowd.run, n, c) for n, c in calls.items()}


def _processor_table(crowd: Crowd, at_once: int) -> Table:
    """A row for each who spends some; the first repeat was a warm-up."""
    repeats = {what: crowd.processor[f"{what} {at_once}"][1:] for what in (ANALYSE, UPLOAD)}
    last = repeats[ANALYSE][-1]
    rows = [
        Row(name, {what: Figure.of([each[name] for each in repeats[what]]) for what in repeats})
        for name in sorted(last, key=lambda name: -last[name])
    ]
    return Table("Processor milliseconds for one photo", rows, _PROCESSOR_NOTES)
