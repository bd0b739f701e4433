"""What an overload came to: the figures, what is wrong with them, and a table to read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from api.local_stack.plan import ADVISOR, STORE, TRITON, WEB
from tests.load.watching import Sightings

_ALLOWANCE_MEBIBYTES: Final = 48.0
_MOST_MEBIBYTES: Final = {WEB: 1536.0, STORE: 2048.0, TRITON: 6144.0, ADVISOR: 8192.0}
"""What a part may hold at any time, whether or not it grew. Triton and vLLM are several processes
each, and what these share counts for each of them."""
_MOST_OF_OTHERS_MEBIBYTES: Final = 1536.0
_FILES_LEFT: Final = 40
_TOLD_BELOW: Final = frozenset({"refusals", "lived", "ended_at", "problems"})


@dataclass
class OverloadReport:
    """``result`` is the generator's own account; ``growth``: how far a part's memory in the last
    fifth of the time may lie above that in the second fifth, the first after warming up;
    ``prompt_seconds``: a refusal that takes longer hung. ``problems`` is empty where everything
    held."""

    seed: int
    factor: float
    capacity_per_second: float
    result: dict[str, Any]
    sightings: Sightings
    growth: float
    prompt_seconds: float
    max_queued: int
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problems = [
            *self.result["problems"],
            *self.sightings.problems,
            *self._late_refusals(),
            *self._memory_problems(),
            *self._unrest(),
        ]

    def as_json(self) -> dict[str, Any]:
        refusals = {
            f"{step} {code}": figures(list(seconds))
            for (step, code), seconds in self._refusals().items()
        }
        rest = {k: v for k, v in self.result.items() if k not in _TOLD_BELOW}
        return {
            "seed": self.seed,
            "factor": self.factor,
            "capacity_per_second": self.capacity_per_second,
            **rest,
            "seconds_to_completed": figures(self.result["lived"]),
            "refusals": refusals,
            "memory_mebibytes": {name: self._fifths(name) for name in self.sightings.memory},
            "memory_samples": self.sightings.memory,
            "files": self.sightings.files,
            "health_seconds": figures(self.sightings.health_seconds),
            "problems": self.problems,
        }

    def show(self, console: Console) -> None:
        for table in (self._what_came_of_it(), self._refused(), self._memory()):
            console.print(table)
        for problem in self.problems:
            console.print(problem, style="red", markup=False, soft_wrap=True)

    def _refusals(self) -> dict[tuple[str, str], list[float]]:
        found = defaultdict(list)
        for refusal in self.result["refusals"]:
            found[refusal["step"], refusal["code"]].append(refusal["seconds"])
        return found

    def _late_refusals(self) -> Iterator[str]:
        for (step, code), seconds in self._refusals().items():
            if late := [taken for taken in seconds if taken > self.prompt_seconds]:
                most = f"{len(late)} of {len(seconds)}, the latest after {max(late):.1f} s"
                yield f"{step}: {code} came late, {most}"

    def _samples(self, part: str) -> list[float]:
        return [mebibytes for _, mebibytes in self.sightings.memory[part]]

    def _fifths(self, part: str) -> tuple[float, float]:
        """Most memory in the second and in the last fifth, MiB."""
        samples = self._samples(part)
        fifth = max(1, len(samples) // 5)
        return max(samples[fifth : 2 * fifth] or samples), max(samples[-fifth:])

    def _memory_problems(self) -> Iterator[str]:
        for part in self.sightings.memory:
            second, last = self._fifths(part)
            if last > second * (1 + self.growth) + _ALLOWANCE_MEBIBYTES:
                yield f"{part} grew from {second:.0f} to {last:.0f} MiB"
            most = max(self._samples(part))
            if most > _MOST_MEBIBYTES.get(part.partition("-")[0], _MOST_OF_OTHERS_MEBIBYTES):
                yield f"{part} held {most:.0f} MiB"

    def _unrest(self) -> Iterator[str]:
        if self.result["going"]:
            yield f"{self.result['going']} journeys did not end"
        if self.result["unfinished"]:
            yield f"{self.result['unfinished']} analyses are left unfinished"
        if max(self.result["depth"], default=0) > self.max_queued:
            yield f"{max(self.result['depth'])} analyses were unfinished at once"
        for part, (before, after) in self.sightings.files.items():
            if after > before + _FILES_LEFT:
                yield f"{part} holds {after} files, and held {before} before"

    def _what_came_of_it(self) -> Table:
        told, lived = self.result, figures(self.result["lived"])
        seconds, times = told["seconds"], f"{self.factor:g} × capacity"
        rows = {
            "capacity, analyses a second": f"{self.capacity_per_second:.2f}",
            "arrivals": f"{told['arrived']} in {seconds:.0f} s ({times})",
            "photos taken": told["uploads"],
            "analyses accepted": told["accepted"],
            **{f"  {how}": count for how, count in told["ended"].items()},
            "journeys given up after refusals": told["gave_up"],
            "accepted to completed, s": _shown(lived),
            "completed under load, a second": f"{told['completed_under_load'] / seconds:.2f}",
            "unfinished at once, at most": max(told["depth"], default=0),
            "/health/live, s": _shown(figures(self.sightings.health_seconds)),
            "load generator, share of a core": f"{told['generator_cpu']:.2f}",
            "problems": len(self.problems),
        }
        return _table(("what", "count"), rows.items(), f"Overload, seed {self.seed}")

    def _refused(self) -> Table:
        rows = [
            (step, code, len(seconds), _shown(figures(seconds)))
            for (step, code), seconds in sorted(self._refusals().items())
        ]
        return _table(("step", "code", "count", "came after, s"), rows, "Refused")

    def _memory(self) -> Table:
        rows = [
            (part, *(f"{mib:.0f}" for mib in (*self._fifths(part), max(self._samples(part)))))
            for part in self.sightings.memory
        ]
        return _table(
            ("part", "second fifth", "last fifth", "most ever"), rows, "Resident memory, MiB"
        )


def figures(values: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and greatest; nothing of nothing."""
    if not values:
        return {}
    ordered = sorted(values)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
        for name, share in at.items()
    }


def _shown(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items()) or "–"


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]], title: str) -> Table:
    table = Table(*heads, title=title)
    for row in rows:
        table.add_row(*map(str, row))
    return table
