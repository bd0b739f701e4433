"""What a run of kills came to, as JSON and as tables to read."""

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

from tests.faults.killer import STAGES, Kill
from tests.faults.ledger import Ledger
from tests.faults.snapshot import Snapshot
from tests.faults.victims import Target


@dataclass
class KillReport:
    """``problems`` is empty where everything held."""

    seed: int
    kills: list[Kill] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    photos: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    disturbed: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    longest_request: tuple[str, float] = ("", 0.0)
    longest_analysis_seconds: float = 0.0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        own = {name: value for name, value in vars(self).items() if name != "kills"}
        return own | {
            "kills": [kill.as_json() for kill in self.kills],
            "recovery_seconds": recovery_times(self.kills),
        }

    def show(self, console: Console) -> None:
        for part in self._tables():
            console.print(part)
        for problem in self.problems:
            console.print(problem, style="red", markup=False, soft_wrap=True)

    def _tables(self) -> Iterable[RenderableType]:
        yield kills_table(self.kills)
        accepted = sum(self.outcomes.values())
        rows = {f"analyses: {name}": n for name, n in sorted(self.outcomes.items())} | {
            "analyses accepted": accepted,
            "  tried again by their owners": self.retries,
            "photos accepted": self.photos,
            "calls made": sum(self.calls.values()),
            "  repeated": sum(self.disturbed.values()),
            "longest call": f"{self.longest_request[1]:.1f} s ({self.longest_request[0]})",
            "longest analysis": f"{self.longest_analysis_seconds:.1f} s",
            "seconds of killing": f"{self.seconds:.0f}",
            "problems": len(self.problems),
        }
        table = Table("what", "count", title="What was acknowledged, and what became of it")
        for name, value in rows.items():
            table.add_row(name, str(value))
        yield table


def outcomes_of(ledger: Ledger, stored: Snapshot) -> Counter[str]:
    """How each accepted analysis ended."""
    return Counter(_outcome(stored, known_id) for known_id in ledger.analyses)


def _outcome(stored: Snapshot, analysis_id: str) -> str:
    row = stored.analyses.get(analysis_id)
    if row is None or row["keeping"] != "KEPT":
        return "deleted"
    match row["status"]:
        case "COMPLETED":
            return f"COMPLETED, words by {row['advice']['source']}"
        case "FAILED":
            return f"FAILED, {row['failure']['code']}"
        case status:
            return str(status)


def recovery_times(kills: Iterable[Kill]) -> dict[str, dict[str, float]]:
    """By target: how many came back, and after how many seconds (median and longest)."""
    found: dict[str, list[float]] = {}
    for kill in kills:
        if kill.recovered_seconds is not None:
            found.setdefault(kill.target, []).append(kill.recovered_seconds)
    return {
        target: {
            "count": len(times),
            "median": round(statistics.median(times), 1),
            "longest": round(max(times), 1),
        }
        for target, times in found.items()
    }


def kills_table(kills: list[Kill]) -> Table:
    counts = Counter((kill.target, kill.stage) for kill in kills)
    recovered = recovery_times(kills)
    table = Table("kill -9 of", *STAGES, "all", "back after (median, longest)", title="Kills")
    for target in Target:
        row = [counts[target, stage] for stage in STAGES]
        if sum(row):
            back = recovered.get(target, {"median": 0, "longest": 0})
            times = f"{back['median']:.1f} s, {back['longest']:.1f} s"
            table.add_row(target, *map(str, row), str(sum(row)), times)
    totals = [sum(counts[target, stage] for target in Target) for stage in STAGES]
    table.add_section()
    table.add_row("all", *map(str, totals), str(len(kills)), "")
    return table
