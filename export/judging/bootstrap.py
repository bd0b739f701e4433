"""How far a figure could be off: resampling of whole groups.

Photos of one session resemble each other, so a resample draws groups, not photos (the cluster
bootstrap; Field & Welsh, 2007). Each resample is a row of weights, how often every group was drawn;
what can be summed by group is then resampled a thousand times by one matrix product.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

REPLICATES: Final = 1000
COVERED: Final = 0.95
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the interval that covers 95 % of its resamples; nan where there is none.

    ``majority``: the same figure of always giving the most frequent grade, where that has one.
    """

    value: float
    low: float
    high: float
    majority: float | None = None


@dataclass(frozen=True, slots=True)
class Resamples:
    """``weights`` [replicates, groups]; ``rows`` [n]: the group of every photo."""

    weights: Floats
    rows: NDArray[np.int64]

    @property
    def groups(self) -> int:
        return self.weights.shape[1]

    def totals(self, values: NDArray[np.generic]) -> Floats:
        """The sums of ``values`` [n, ...] over the photos, in every resample: [replicates, ...]."""
        flat = np.asarray(values, np.float64).reshape(len(values), -1)
        by_group = np.zeros((self.groups, flat.shape[1]))
        np.add.at(by_group, self.rows, flat)
        return (self.weights @ by_group).reshape(len(self.weights), *values.shape[1:])

    def of_photos(self, replicates: slice) -> Floats:
        """How often every photo was drawn, [replicates, n]."""
        return self.weights[replicates][:, self.rows]


def resample(groups: NDArray[np.str_], *, replicates: int = REPLICATES, seed: int = 0) -> Resamples:
    """Raises ``ValueError`` where there are no photos."""
    if not len(groups):
        raise ValueError("there are no photos to resample")
    names, rows = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    chances = np.full(len(names), 1 / len(names))
    weights = rng.multinomial(len(names), chances, size=replicates).astype(np.float64)
    return Resamples(weights, rows.astype(np.int64))


def interval(replicates: Floats) -> tuple[Floats, Floats]:
    """Lower and upper bound over the first axis; nan where no resample gave a figure."""
    tail = (1 - COVERED) / 2
    known = np.isfinite(replicates).any(axis=0)
    filled = np.where(known, replicates, 0.0)
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def estimates(value: Floats, replicates: Floats, majority: Floats | None = None) -> list[Estimate]:
    """``value`` [k] with its resamples [replicates, k], one by one."""
    low, high = interval(replicates)
    beside = [None] * len(value) if majority is None else np.asarray(majority).tolist()
    columns = zip(value.tolist(), low.tolist(), high.tolist(), beside, strict=True)
    return [Estimate(*column) for column in columns]
