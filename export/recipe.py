"""The typed recipe of a training run, read from a TOML file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Phase:
    """``epochs`` epochs at ``size`` pixels a side."""

    size: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """See ``recipes/first.toml`` for what each value does."""

    name: str
    seed: int
    batch_size: int
    steps_an_epoch: int
    learning_rate: float
    weight_decay: float
    warm_up: float
    gradient_norm: float
    average_decay: float
    domain_weight: float
    threads: int
    phases: tuple[Phase, ...]

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    def size_of(self, epoch: int) -> int:
        """Pixels a side in ``epoch`` (from 0)."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase.size
            epoch -= phase.epochs
        return self.phases[-1].size


def read_recipe(path: Path) -> Recipe:
    """Raises ``TypeError`` where a value is missing or unknown."""
    content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    phases = tuple(Phase(**phase) for phase in content.pop("phases"))
    return Recipe(phases=phases, **content)
