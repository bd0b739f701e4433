"""Answers to photos that never were: what judging is tested on."""

import numpy as np

from export.judging.judged import Judged, kinds_of
from export.judging.metrics import Floats

SITES = ("BACK", "CROWN", "LEFT", "RIGHT")


def one_hot(grades: np.ndarray, sure: float = 0.97) -> Floats:
    """Probabilities ``[n, 6, 4]``: ``sure`` for these grades [n, 6], the rest shared."""
    found = np.full((*grades.shape, 4), (1 - sure) / 3)
    np.put_along_axis(found, grades[..., None], sure, axis=2)
    return found


def answered(true: np.ndarray, probabilities: Floats, **known: np.ndarray) -> Judged:
    """Four photos a group, one of each site; two devices, one gender, no ages."""
    rows = np.arange(len(true))
    columns = {
        "domain": np.where(true[:, 0] >= 0, 0.9, 0.1),
        "groups": (rows // 4).astype(np.str_),
        "devices": np.where(rows % 8 < 4, "A", "B"),
        "sites": np.array(SITES)[rows % 4],
        "ages": np.full(len(true), ""),
        "genders": np.full(len(true), "FEMALE"),
        "kinds": kinds_of(true),
    }
    return Judged(true, probabilities, **{**columns, **known})


def noisy(count: int, seed: int = 1, spread: float = 1.5) -> Judged:
    """Grades drawn as the model believes, so that it is calibrated by construction."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, spread, (count, 6, 4))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    places = rng.random((count, 6, 1))
    true = (probabilities.cumsum(axis=2) < places).sum(axis=2).clip(0, 3)
    return answered(true, probabilities)
