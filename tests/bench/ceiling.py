"""How near grading in batches comes to what the machine multiplies, in a process and as served."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from dupi.vision.contract import MAX_BATCH_SIZE
from tests.bench.figures import Figure, Row, Table
from tests.bench.inputs import model_inputs
from tests.bench.ml_program import MlProgram, ml_program
from tests.bench.rig import Rig
from tests.bench.settings import Served, Setting, serving
from tests.bench.timing import interleaved, load_row

CONFIGURED: Final = "as configured"
SETTINGS: Final = (
    Setting(CONFIGURED),
    Setting("threads for all cores", threads=0),
    Setting("one instance", instances=1),
    Setting("no wait for a batch", delay_us=0),
    Setting("10 ms for a batch", delay_us=10_000),
    Setting("batches of 4", batch=4),
)
PRODUCT: Final = "GFLOP/s"
RATE: Final = "photos/s"
SHARE: Final = "% of product"
_BATCHES: Final = (1, MAX_BATCH_SIZE, 32)
_PHOTOS: Final = 32
_CROWD: Final = 16
"""Callers: enough to fill two batches."""
_NOTES: Final = (
    "Matrix product: fp32, square, the best of 256 to 2,048 rows. GFLOP/s of photos: convolutions",
    "and products of trunk and seven heads. %: of the product on all cores. In-process: the module",
    "that is served, in batches. Triton: one photo a request, from callers on this machine.",
)
_SETTING_NOTES: Final = (
    "The trunk's batching, threads and instances, each behind an ensemble of its own before the",
    "same heads, in turns. What is configured, and why: docs/throughput.md.",
)


@dataclass(frozen=True, slots=True)
class Product:
    threads: int


@dataclass(frozen=True, slots=True)
class InProcess:
    batch: int
    threads: int


@dataclass(frozen=True, slots=True)
class InTriton:
    setting: str
    at_once: int


Turns = Mapping[Any, Callable[[], Awaitable[Any]]]


@dataclass(frozen=True)
class Contest:
    """``work``: GFLOP of one photo. Products give GFLOP/s, in-process photos/s, Triton loads."""

    work: float
    turns: Turns


async def measure(rig: Rig) -> list[Table]:
    async with _contest(rig) as contest:
        measured = await interleaved(contest.turns, repeats=rig.scale.repeats)
    return [
        Table(
            "Batch throughput beside the machine's matrix products",
            list(share_rows(measured, contest.work)),
            _NOTES,
        ),
        Table("As served, by settings of the trunk", list(_setting_rows(measured)), _SETTING_NOTES),
    ]


@asynccontextmanager
async def _contest(rig: Rig) -> AsyncIterator[Contest]:
    folder = rig.folder / "ceiling"
    repository = folder / "repository"
    repository.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, repository)
        program = await stack.enter_async_context(
            ml_program("ceiling", repository, log=folder / "in_process.log")
        )
        work: Any = await program.ask(of="work")  # answered when the models are published
        ensembles = await stack.enter_async_context(
            serving(repository, SETTINGS, folder / "triton.log")
        )
        yield Contest(work, {**_in_process(program, rig), **_in_triton(ensembles, rig)})


def _in_process(program: MlProgram, rig: Rig) -> Turns:
    turns: dict[Any, Callable[[], Awaitable[Any]]] = {}
    for threads in sorted({1, os.cpu_count() or 1}):
        turns[Product(threads)] = partial(program.ask, of="product", threads=threads)
        for batch in _BATCHES:
            given = {"batch": batch, "threads": threads, "seconds": rig.scale.seconds}
            turns[InProcess(batch, threads)] = partial(program.ask, of="photos", **given)
    return turns


def _in_triton(ensembles: Mapping[str, Served], rig: Rig) -> Turns:
    """Every setting with a crowd; what is configured with a single caller too."""
    photos = model_inputs(rig.dice("ceiling"), _PHOTOS)
    asked = [InTriton(CONFIGURED, 1), *(InTriton(name, _CROWD) for name in ensembles)]
    return {
        who: partial(ensembles[who.setting].load, photos, who.at_once, rig.scale.seconds)
        for who in asked
    }


def share_rows(measured: Mapping[Any, Sequence[Any]], work: float) -> Iterator[Row]:
    """Shares are taken round by round, of the product on most threads in the same round."""
    most = max(who.threads for who in measured if isinstance(who, Product))
    ceilings = measured[Product(most)]
    for who, values in measured.items():
        match who:
            case Product(threads):
                yield _share_row(f"matrix product, {_threads(threads)}", values, ceilings)
            case InProcess(batch, threads):
                name = f"in-process, {batch} at a time, {_threads(threads)}"
                done = [rate * work for rate in values]
                yield _share_row(name, done, ceilings, photos=values)
            case InTriton(setting, at_once) if setting == CONFIGURED:
                rates = [load.rate for load in values]
                done = [rate * work for rate in rates]
                yield _share_row(f"Triton, {at_once} at once", done, ceilings, photos=rates)


def _share_row(
    what: str, done: Sequence[float], ceilings: Sequence[float], photos: Sequence[float] = ()
) -> Row:
    shares = [100 * one / ceiling for one, ceiling in zip(done, ceilings, strict=True)]
    figures = {RATE: Figure.of(photos)} if photos else {}
    return Row(what, figures | {PRODUCT: Figure.of(done), SHARE: Figure.of(shares)})


def _setting_rows(measured: Mapping[Any, Sequence[Any]]) -> Iterator[Row]:
    for who, values in measured.items():
        if isinstance(who, InTriton):
            yield load_row(who.setting, who.at_once, values, RATE)


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"
