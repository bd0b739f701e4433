"""Runs the sections on one stack, and tells and keeps what they come to."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from api.local_stack.plan import plan_stack
from api.local_stack.stack import Stack, running_stack
from dupi.logs import get_logger
from tests.bench import (
    advisor,
    ceiling,
    classifiers,
    journeys,
    memory,
    pages,
    progress,
    refusals,
    steps,
)
from tests.bench.figures import Outcome, Table
from tests.bench.machine import describe_machine, in_one_line
from tests.bench.rig import Rig
from tests.bench.scale import Scale
from tests.bench.table import LEGEND, show

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the bench, by the name that ``--only`` takes."""

    name: str
    measure: Callable[[Rig], Awaitable[Sequence[Table]]]


SECTIONS: Final = (
    Section("classifiers", classifiers.measure),
    Section("ceiling", ceiling.measure),
    Section("journeys", journeys.measure),
    Section("steps", steps.measure),
    Section("advisor", advisor.measure),
    Section("progress", progress.measure),
    Section("memory", memory.measure),
    Section("refusals", refusals.measure),
    Section("pages", pages.measure),
)
"""Memory comes after what loads the stack."""


async def run_bench(  # noqa: PLR0913
    sections: Sequence[Section],
    *,
    folder: Path,
    seed: int,
    scale: Scale,
    given: Mapping[str, str],
    console: Console,
) -> list[Outcome]:
    """Start a stack, measure ``sections`` on it, write ``<folder>.json``."""
    machine = describe_machine()
    async with started_rig(folder, given, seed=seed, scale=scale) as rig:
        outcomes = [await run_section(section, rig, console) for section in sections]
    console.print(LEGEND, in_one_line(machine), sep="\n")
    path = folder.with_suffix(".json")
    about = {"seed": seed, "repeats": scale.repeats, "seconds_each": scale.seconds}
    write_outcomes(path, outcomes, about=about, machine=machine)
    console.print(f"Written to {path}")
    return outcomes


@asynccontextmanager
async def started_rig(
    folder: Path, given: Mapping[str, str], *, seed: int, scale: Scale
) -> AsyncIterator[Rig]:
    """The whole stack, as ``make up`` starts it, with its state in ``folder``."""
    own = {name: value for name, value in given.items() if name != "DUPI_PORT"}
    plan = plan_stack(own, state=folder / "stack", database="dupi_bench")
    async with running_stack(Stack(plan)) as stack:
        yield Rig(stack, folder, seed, scale, at_rest=memory.held_memory(stack))


async def run_section(section: Section, rig: Rig, console: Console) -> Outcome:
    """Measure and show; what a section fails of is told, and no other section's business."""
    started = time.monotonic()
    try:
        tables, problem = await section.measure(rig), ""
    except Exception as error:
        tables, problem = [], f"{type(error).__name__}: {error}"
        log.exception("section_failed", section=section.name)
    outcome = Outcome(section.name, time.monotonic() - started, tables, problem)
    show(console, outcome)
    return outcome


def write_outcomes(
    path: Path, outcomes: Sequence[Outcome], *, about: Mapping[str, Any], machine: Mapping[str, Any]
) -> None:
    found = [outcome.as_json() for outcome in outcomes]
    text = json.dumps(
        {**about, "machine": machine, "sections": found}, ensure_ascii=False, indent=1
    )
    path.write_text(text + "\n", encoding="utf-8")
