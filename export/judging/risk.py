"""Risk and coverage: how often the findings that are kept are wrong, when the least sure abstain.

A threshold keeps or drops findings of one confidence together, so they are one step of the curve,
and the order in which photos lie never matters.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from export.judging.bootstrap import Resamples
from export.judging.metrics import Floats, share

COVERAGE: Final = 0.9
"""Where the gain of abstaining is told: with one finding in ten left out."""
_VALUES_AT_ONCE: Final = 10_000_000
_POINTS_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """``coverage`` [k] rising to 1, ``risk`` [k]: the error rate of the findings kept there."""

    coverage: Floats
    risk: Floats


RISK_FIGURES: Final = ("aurc", "risk", "risk_kept", "factor")
"""Columns of ``figures``: the area under the curve (AURC), the error rate of all findings and of
the surest nine in ten, and what abstaining on a tenth multiplies the error rate by."""


def curve(confidence: Floats, right: NDArray[np.bool_]) -> Curve:
    """The curve of the findings ``[n]``, the surest first."""
    kept, wrong = _running(np.ones((1, len(confidence))), confidence, right)
    return Curve(kept[0] / max(len(confidence), 1), share(wrong, kept)[0])


def thinned(full: Curve) -> Curve:
    """As many points as a picture needs, the last among them."""
    places = np.linspace(0, len(full.risk) - 1, min(_POINTS_SHOWN, len(full.risk)))
    rows = places.round().astype(np.int64)
    return Curve(full.coverage[rows], full.risk[rows])


def figures(confidence: Floats, right: NDArray[np.bool_]) -> Floats:
    """``RISK_FIGURES`` of the findings ``[n]``."""
    return _figures(np.ones((1, len(confidence))), confidence, right)[0]


def resampled(confidence: Floats, right: NDArray[np.bool_], samples: Resamples) -> Floats:
    """``RISK_FIGURES`` of every resample ``[replicates, 4]``."""
    count, size = len(samples.weights), max(1, _VALUES_AT_ONCE // max(len(confidence), 1))
    parts = [
        _figures(samples.of_photos(slice(start, start + size)), confidence, right)
        for start in range(0, count, size)
    ]
    return np.concatenate(parts)


def _figures(weights: Floats, confidence: Floats, right: NDArray[np.bool_]) -> Floats:
    """From weights ``[r, n]``, how often each resample holds a finding, to ``[r, 4]``."""
    kept, wrong = _running(weights, confidence, right)
    steps = np.diff(kept, axis=1, prepend=0.0)
    risks, whole = share(wrong, kept), kept[:, -1:]
    area = share(np.nansum(steps * risks, axis=1), whole[:, 0])
    place = (kept >= COVERAGE * whole - 1e-9).argmax(axis=1)
    risk, risk_kept = risks[:, -1], risks[np.arange(len(risks)), place]
    return np.stack([area, risk, risk_kept, share(risk_kept, risk)], axis=1)


def _running(
    weights: Floats, confidence: Floats, right: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Findings kept and wrong ones among them ``[r, steps]``, from the surest step on."""
    order = np.argsort(-confidence, kind="stable")
    starts = np.flatnonzero(np.diff(confidence[order], prepend=np.inf))
    drawn = weights[:, order]
    kept = np.add.reduceat(drawn, starts, axis=1).cumsum(axis=1)
    wrong = np.add.reduceat(drawn * ~right[order], starts, axis=1).cumsum(axis=1)
    return kept, wrong
