"""Figures of grades against true grades, from counts alone.

Counts are ``[..., 4, 4]``, true grade by given grade, of numbers or of weights; a figure has the
shape of what stands before. So one call measures six conditions, or a thousand resamples of each.
A figure is nan where there is nothing to measure.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Severity
from export.judging.judged import Judged

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64] | Floats
Figure = Callable[[Numbers], Floats]

GRADES: Final = len(Severity)
_LEVELS: Final = np.arange(GRADES)
_APART: Final = np.abs(_LEVELS[:, None] - _LEVELS[None, :])
_SQUARES: Final = _APART**2
_SAME: Final = np.eye(GRADES)
_NEAR: Final = (_APART <= 1).astype(np.float64)


def confusion(true: NDArray[np.int64], graded: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts ``[4, 4]`` of the grades ``[n]``."""
    return np.bincount(true * GRADES + graded, minlength=GRADES**2).reshape(GRADES, GRADES)


def quadratic_kappa(counts: Numbers) -> Floats:
    """Agreement beyond chance, a disagreement weighing by its square (QWK; Cohen, 1968)."""
    counts = np.asarray(counts, np.float64)
    rows, columns = counts.sum(axis=-1), counts.sum(axis=-2)
    chance = rows[..., :, None] * columns[..., None, :]
    seen = (_SQUARES * counts).sum(axis=(-2, -1)) * counts.sum(axis=(-2, -1))
    return 1.0 - share(seen, (_SQUARES * chance).sum(axis=(-2, -1)))


def macro_f1(counts: Numbers) -> Floats:
    """Mean F1 over the grades that truly occur."""
    counts = np.asarray(counts, np.float64)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    rows = counts.sum(axis=-1)
    scores = np.where(rows > 0, 2 * right / np.maximum(rows + counts.sum(axis=-2), 1e-12), 0.0)
    return share(scores.sum(axis=-1), (rows > 0).sum(axis=-1))


def recalls(counts: Numbers) -> Floats:
    """Of the photos of each grade, the share that got it, ``[..., 4]``."""
    counts = np.asarray(counts, np.float64)
    return share(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def exact(counts: Numbers) -> Floats:
    return _mean(counts, _SAME)


def within_one(counts: Numbers) -> Floats:
    return _mean(counts, _NEAR)


def mean_error(counts: Numbers) -> Floats:
    """Mean absolute error, in grades (MAE)."""
    return _mean(counts, _APART)


def severe_as_none(counts: Numbers) -> Floats:
    """Of the severe photos, the share that was graded as having nothing."""
    severe = np.asarray(counts, np.float64)[..., Severity.SEVERE, :]
    return share(severe[..., Severity.NONE], severe.sum(axis=-1))


FIGURES: Final[Mapping[str, Figure]] = {
    "qwk": quadratic_kappa,
    "macro_f1": macro_f1,
    "exact": exact,
    "within_one": within_one,
    "mae": mean_error,
    "severe_as_none": severe_as_none,
}


def of_majority(counts: Numbers) -> NDArray[np.float64]:
    """The counts of one who gives every photo the grade that occurs most often here."""
    counts = np.asarray(counts, np.float64)
    rows = counts.sum(axis=-1)
    most = rows.argmax(axis=-1)[..., None, None] == _LEVELS
    return np.where(most, rows[..., :, None], 0.0)


def confusions(judged: Judged) -> NDArray[np.int64]:
    """Counts ``[6, 4, 4]`` of the scalps, one condition after the other."""
    scalps = judged.scalps
    columns = zip(scalps.true.T, scalps.graded.T, strict=True)
    return np.stack([confusion(true, graded) for true, graded in columns])


def share(part: Numbers, whole: Numbers) -> Floats:
    """Quotients, nan where the whole is nothing."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    found = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    return np.divide(part, whole, out=found, where=np.broadcast_to(whole > 0, found.shape))


def _mean(counts: Numbers, weights: Numbers) -> Floats:
    counts = np.asarray(counts, np.float64)
    return share((weights * counts).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))
