"""Does a finding that is 80 % sure hold 80 % of the time? Bins of equal mass, and their ECE."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from export.judging.metrics import Floats, share

BINS: Final = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Of ``photos`` findings: how sure they were, and what share of them was right."""

    photos: int
    confidence: float
    right: float


def bin_of(confidence: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each finding ``[n]``, as many in every bin as can be; equals share one.

    Equal mass, for bins of equal width are empty where a model is seldom unsure, and few photos in
    a bin make noise (Nixon et al., 2019: adaptive calibration error).
    """
    values, of_value, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    middles = counts.cumsum() - (counts + 1) / 2
    places = (middles * bins // max(len(confidence), 1)).astype(np.int64)
    return np.asarray(places.clip(0, bins - 1)[of_value], np.int64) if len(values) else of_value


def sums_by_bin(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> Floats:
    """Of every finding, one row ``[n, bins, 3]`` of (1, confidence, right) in its bin."""
    rows = np.zeros((len(confidence), bins, 3))
    values = np.stack([np.ones_like(confidence), confidence, right.astype(np.float64)], axis=1)
    rows[np.arange(len(confidence)), bin_of(confidence, bins)] = values
    return rows


def calibration_error(sums: Floats) -> Floats:
    """Expected calibration error from sums ``[..., bins, 3]``: the mean gap of the findings (ECE).

    Naeini et al., 2015; Guo et al., 2017.
    """
    gaps = np.abs(sums[..., 1] - sums[..., 2]).sum(axis=-1)
    return share(gaps, sums[..., 0].sum(axis=-1))


def bins_of(sums: Floats) -> list[Bin]:
    """From sums ``[bins, 3]``; empty bins are left out."""
    return [Bin(int(n), c / n, r / n) for n, c, r in sums.tolist() if n]
