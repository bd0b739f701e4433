"""Recipes: what a training run is made of, read from TOML."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RECIPES: Final = Path(__file__).with_name("recipes")
RUNS: Final = Path("var/training")
"""Where runs keep their checkpoints and curves (ignored by git)."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """``steps`` optimiser steps of ``batch_size`` sequences; cosine decay after a warm-up.

    ``accumulate``: forward passes that a step's batch is split into, where memory is short.
    """

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    checkpoint_every: int
    accumulate: int = 1


def read_recipe(name: str) -> dict[str, Any]:
    """A recipe of this folder by name, or of a path that ends in ``.toml``."""
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    return tomllib.loads(path.read_text("utf-8"))
