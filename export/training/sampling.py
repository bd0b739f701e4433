"""Which photos an epoch sees, and in which order: by seed and epoch alone, so that a run that was
cut goes on with the same ones."""

import numpy as np
from numpy.typing import NDArray

from export.data.items import NO_GRADE
from export.recipe import Recipe

Rows = NDArray[np.int64]


def steps_of(recipe: Recipe, count: int) -> int:
    """Steps an epoch: as the recipe says, or as many as show all ``count`` photos once."""
    whole = count // (recipe.batch_size * recipe.accumulate)
    return recipe.steps_an_epoch or max(1, whole)


def epoch_rows(recipe: Recipe, grades: NDArray[np.int64], epoch: int) -> list[list[Rows]]:
    """For each step of ``epoch`` the rows of its ``accumulate`` batches.

    All photos in turn, with as few repeats as there can be; a share ``rare_grades`` of the places
    goes to photos drawn by how rare the rarest of their grades is.
    """
    rng = np.random.default_rng([recipe.seed, epoch])
    steps = steps_of(recipe, len(grades))
    wanted = steps * recipe.accumulate * recipe.batch_size
    rounds = [rng.permutation(len(grades)) for _ in range(-(-wanted // len(grades)))]
    rows = np.concatenate(rounds)[:wanted]
    if recipe.rare_grades:
        chosen = rng.random(wanted) < recipe.rare_grades
        drawn = rng.choice(len(grades), wanted, p=rarity(grades))
        rows = np.where(chosen, drawn, rows)
    batches = rows.reshape(steps, recipe.accumulate, recipe.batch_size)
    return [list(step) for step in batches]


def rarity(grades: NDArray[np.int64]) -> NDArray[np.float64]:
    """Chances ``[n]``: by one over how often the rarest grade of the photo occurs.

    Strangers keep the share of the places that they have of the photos.
    """
    scalp = grades[:, 0] != NO_GRADE
    weights = np.zeros(len(grades))
    for column in grades[scalp].T:
        counts = np.bincount(column, minlength=1)
        weights[scalp] = np.maximum(weights[scalp], 1.0 / counts[column])
    weights *= scalp.sum() / max(weights.sum(), 1e-12)
    weights[~scalp] = 1.0
    return np.asarray(weights / weights.sum(), np.float64)
