"""Where the time of one analysis goes: each call that its pipeline makes, counted and timed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Final

from pymongo import monitoring

from dupi.analyses.models import AnalysisStatus, Photo
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import claim_next
from dupi.analyses.service import request_analysis, upload_photo
from dupi.knowledge.vocabulary import ScalpSite
from dupi.operations.reconciler import reconcile
from dupi.resources import Resources
from tests.analyses.doubles import a_person
from tests.bench.figures import Figure, Row, Table
from tests.bench.inputs import example_files
from tests.bench.rig import Rig, refusing_url
from tests.knowledge.cases import PLAIN_SURVEY
from tests.support.store import fresh_resources, settings_for_tests

_ALL: Final = "all of it"
_PARTS: Final = {
    "Triton": "classifier",
    "pictures": "decoder",
    "files": "storage",
    "hints": "hints",
}
_LEASE_S: Final = 60.0
_NOTES: Final = (
    "One photo, one analysis at a time, in this process; advice off, so in the rules' own text.",
    "ms: spent waiting for such calls; calls side by side are counted each. store: one command.",
)


@dataclass
class Spent:
    """Calls and seconds by what was called."""

    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, what: str, seconds: float) -> None:
        self.calls[what] += 1
        self.seconds[what] += seconds


@dataclass
class Ledger(monitoring.CommandListener):
    """What is spent now, by the store's commands and by everything that is ``watched``."""

    spent: Spent = field(default_factory=Spent)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self.spent.add(f"store: {event.command_name}", event.duration_micros / 1e6)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self.spent.add("store: failed", event.duration_micros / 1e6)


class Watched:
    """Stands for ``inner``; its coroutine methods are timed."""

    def __init__(self, inner: Any, name: str, ledger: Ledger) -> None:
        self._inner, self._name, self._ledger = inner, name, ledger

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._inner, method)
        if not asyncio.iscoroutinefunction(call):
            return call

        @wraps(call)
        async def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return await call(*arguments, **named)
            finally:
                seconds = time.perf_counter() - started
                self._ledger.spent.add(f"{self._name}: {method}", seconds)

        return timed


class WatchedAdvisors:
    """Stands for ``inner``; the advisors that it gives are timed."""

    def __init__(self, inner: Any, ledger: Ledger) -> None:
        self._inner, self._ledger = inner, ledger

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(self._inner.endpoints)

    def at(self, endpoint: str | None) -> Any:
        return Watched(self._inner.at(endpoint), "advisor", self._ledger)


async def measure(rig: Rig) -> list[Table]:
    ledger = Ledger()
    monitoring.register(ledger)
    async with _watched(rig, ledger) as resources:
        bench = _Bench(resources, ledger, *await _someone(resources))
        found = [await bench.repeat() for _ in range(rig.scale.repeats + 1)][1:]
    return [
        Table(
            "One requestAnalysis, by the calls that it makes", _rows([f[0] for f in found]), _NOTES
        ),
        Table("One run of the pipeline, by the calls that it makes", _rows([f[1] for f in found])),
    ]


@dataclass(frozen=True)
class _Bench:
    """Runs analyses of one person, one at a time, without a worker's loop."""

    resources: Resources
    ledger: Ledger
    owner_id: str
    photos: list[Photo]

    async def repeat(self) -> tuple[Spent, Spent]:
        """What all photos, analysed one by one, took: asking for it, and running it."""
        asked, run = Spent(), Spent()
        for photo in self.photos:
            with self._counting(asked):
                await request_analysis(
                    self.resources,
                    owner_id=self.owner_id,
                    photo_ids=[photo.id],
                    survey=PLAIN_SURVEY,
                )
            with self._counting(run):
                await self._run_oldest()
        return asked, run

    async def _run_oldest(self) -> None:
        claim = await claim_next(hints=self.resources.hints, lease_s=_LEASE_S)
        if claim is None:
            raise RuntimeError("nothing was queued")
        await run_pipeline(self.resources, claim)
        if claim.analysis.status is not AnalysisStatus.COMPLETED:
            raise RuntimeError(f"an analysis ended as {claim.analysis.status}")

    @contextmanager
    def _counting(self, spent: Spent) -> Iterator[None]:
        self.ledger.spent, started = spent, time.perf_counter()
        yield
        spent.add(_ALL, time.perf_counter() - started)
        self.ledger.spent = Spent()


@asynccontextmanager
async def _watched(rig: Rig, ledger: Ledger) -> AsyncIterator[Resources]:
    """Resources on a fresh database, Triton at its deployment, every call of them in the ledger."""
    given = {"triton_url": rig.triton_url, "advisor_url": refusing_url()}
    settings = settings_for_tests(rig.store_url, rig.folder / "steps", **given)
    async with fresh_resources(settings) as resources:
        await reconcile(resources)
        watched: dict[str, Any] = {
            part: Watched(getattr(resources, part), name, ledger) for name, part in _PARTS.items()
        }
        yield replace(resources, advisors=WatchedAdvisors(resources.advisors, ledger), **watched)


async def _someone(resources: Resources) -> tuple[str, list[Photo]]:
    owner_id = await a_person(resources)
    photos = [
        await upload_photo(
            resources, owner_id=owner_id, data=path.read_bytes(), site=ScalpSite.CROWN
        )
        for path in example_files()
    ]
    return owner_id, photos


def _rows(spents: Sequence[Spent]) -> list[Row]:
    """Of one analysis, by what took longest; what no call accounts for comes last."""
    names = {name for spent in spents for name in spent.seconds} - {_ALL}
    rows = [_row(name, spents) for name in names]
    return [_row(_ALL, spents), *sorted(rows, key=lambda row: -row.figures["ms"].median)]


def _row(name: str, spents: Sequence[Spent]) -> Row:
    times = [spent.calls[_ALL] for spent in spents]
    calls = [spent.calls[name] / n for spent, n in zip(spents, times, strict=True)]
    seconds = [spent.seconds[name] / n for spent, n in zip(spents, times, strict=True)]
    shares = [100 * spent.seconds[name] / spent.seconds[_ALL] for spent in spents]
    figures = {
        "calls": Figure.of(calls),
        "ms": Figure.of([1000 * each for each in seconds]),
        "% of all": Figure.of(shares),
    }
    return Row(name, figures)
