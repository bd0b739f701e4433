"""Photos and recipes so small that a training takes a fraction of a second."""

from typing import Any

import numpy as np

from export.data.extents import UNKNOWN
from export.data.items import NO_GRADE, Packed, Split
from export.recipe import Recipe, override_value

SIDE = 64
RECIPE: dict[str, Any] = {
    "name": "tiny",
    "seed": 1,
    "threads": 1,
    "batch_size": 4,
    "steps_an_epoch": 2,
    "average_decay": 0.9,
    "backbone": {"name": "small_cnn", "width": 0.3, "depth": 0.3},
    "optimiser": {"name": "adamw", "learning_rate": 1e-3},
    "phases": [{"size": 32, "epochs": 1}, {"size": 64, "epochs": 2}],
}


def tiny(**overrides: Any) -> Recipe:
    """``schedule__name="step"`` overrides ``schedule.name``."""
    content = {
        **RECIPE,
        "backbone": dict(RECIPE["backbone"]),
        "optimiser": dict(RECIPE["optimiser"]),
    }
    for place, value in overrides.items():
        override_value(content, place.replace("__", "."), value)
    return Recipe.model_validate(content)


def some_photos(count: int = 12, seed: int = 1, side: int = SIDE) -> Packed:
    """Noise, redder by the grade of the third condition; the last photo is no scalp. Extents are as
    the grades say."""
    rng = np.random.default_rng(seed)
    grades = rng.integers(0, 4, (count, 6))
    photos = rng.integers(0, 120, (count, side, side, 3), dtype=np.uint8)
    photos[..., 0] += (40 * grades[:, 2]).astype(np.uint8)[:, None, None]
    grades[-1] = NO_GRADE
    extents = np.full((count, 6, 40, 40), UNKNOWN, np.uint8)
    extents[:-1] = (80 * grades[:-1])[..., None, None]
    return Packed(photos, grades, data_sha256=f"photos {count} {seed}", extents=extents)


def some_data() -> dict[Split, Packed]:
    return {split: some_photos(seed=seed) for seed, split in enumerate(Split)}
