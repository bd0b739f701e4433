"""Ends a training when the checks that guard serving are content with what the adapter writes.

The best adapter so far is kept. What was seen is written down by step, so that a run that was cut
off goes on as if it had not been.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from llm_server.training.grading import Grades

HISTORY: Final = "checks.json"
ADAPTER: Final = "adapter"
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """``patience``: how many looks in a row may bring nothing better, from ``after_steps`` on."""

    cases: int
    after_steps: int
    pass_rate: float
    patience: int


@dataclass(slots=True)
class Watch:
    """Call it after each checkpoint with the step; true ends the training."""

    model: Any
    grade: Callable[[], Grades]
    rule: EarlyStop
    folder: Path

    def __call__(self, step: int) -> bool:
        grades = self.grade()
        seen = {past: rate for past, rate in self._history().items() if past < step}
        best = max(seen.values(), default=-1.0)
        if grades.pass_rate >= best:
            self.model.save_pretrained(self.folder / ADAPTER)
        seen[step] = grades.pass_rate
        self._write(seen)
        failures = "; ".join(grades.failures[:_SHOWN])
        print(
            f"\nstep {step}: {grades.pass_rate:.1%} pass at the first try. {failures}", flush=True
        )
        return self._is_enough(seen, step)

    def _is_enough(self, seen: dict[int, float], step: int) -> bool:
        if step < self.rule.after_steps:
            return False
        best_at = max(seen, key=lambda past: (seen[past], past))
        since = sum(1 for past in seen if past > best_at and past > self.rule.after_steps)
        return seen[step] >= self.rule.pass_rate or since >= self.rule.patience

    def _history(self) -> dict[int, float]:
        path = self.folder / HISTORY
        if not path.exists():
            return {}
        return {int(step): rate for step, rate in json.loads(path.read_text()).items()}

    def _write(self, seen: dict[int, float]) -> None:
        (self.folder / HISTORY).write_text(json.dumps(seen, indent=1) + "\n")
