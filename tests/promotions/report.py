"""What the long run of promotions came to."""

from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.promotions.load import Log


@dataclass
class PromotionsReport:
    """``latency_ms``: of a classification, median and 99 of 100. ``switch_ms``: from asking for a
    promotion whose versions are loaded to every server at it."""

    seed: int
    classifications: int = 0
    promotions: int = 0
    trunk_promotions: int = 0
    failed_requests: int = 0
    version_sets_seen: int = 0
    latency_ms: dict[str, float] = field(default_factory=dict)
    switch_ms: dict[str, float] = field(default_factory=dict)
    shadowed: int = 0
    broken_version: str = ""
    second_server_seconds: float = 0.0
    restarted_server_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def show(self, console: Console) -> None:
        table = Table("what", "value", title="promotions under load")
        for name, value in self.as_json().items():
            if name != "problems":
                table.add_row(name.replace("_", " "), str(value))
        console.print(table)
        for problem in self.problems[:20]:
            console.print(problem, style="red", markup=False, soft_wrap=True)


def sum_up(report: PromotionsReport, log: Log) -> None:
    report.classifications = len(log.answers)
    report.promotions = max(0, len(log.changes) - 1)
    report.failed_requests = len(log.failures)
    report.version_sets_seen = len(log.seen())
    report.problems += log.problems()
    if log.answers:
        report.latency_ms = _spread([one.answered - one.asked for one in log.answers])
    if len(log.changes) > 3:
        report.switch_ms = _spread([one.done - one.asked for one in log.changes[4:]])


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    return {
        "median": round(ordered[len(ordered) // 2] * 1000, 1),
        "p99": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
    }
