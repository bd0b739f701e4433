"""Figures of every condition and of all, each with its interval and the majority's beside it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Condition
from export.judging import reliability, risk
from export.judging.bootstrap import Estimate, Resamples, estimates
from export.judging.judged import Judged
from export.judging.metrics import (
    FIGURES,
    GRADES,
    Floats,
    Numbers,
    confusions,
    of_majority,
    recalls,
    share,
)

OVERALL: Final = "OVERALL"
"""Beside the conditions: figures averaged over the six, risk and coverage of all findings."""
COLUMNS: Final = (*map(str, Condition), OVERALL)


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one condition, or of all.

    ``figures``: by name, see ``metrics.FIGURES``, ``risk.RISK_FIGURES`` and "ece"; ``recall`` by
    grade. ``abstained``: share of the findings below the served threshold, ``risk_of_kept`` the
    error rate of the others. ``confusion`` [4][4], true by given; empty for ``OVERALL``.
    """

    figures: Mapping[str, Estimate]
    recall: list[Estimate]
    abstained: Estimate
    risk_of_kept: Estimate
    confusion: list[list[int]]
    reliability: list[reliability.Bin]
    coverage: list[float]
    risk: list[float]


@dataclass(frozen=True, slots=True)
class _Findings:
    """One condition's findings of every photo, or all conditions' one after the other."""

    confidence: Floats
    right: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    samples: Resamples
    confusion: list[list[int]]


def all_scores(scalps: Judged, thresholds: Floats, samples: Resamples) -> dict[str, Scores]:
    """By condition and for ``OVERALL``; ``thresholds`` [6]: below which a head abstains."""
    counts, ece = count(scalps, samples), calibration_figures(scalps, samples)
    counted = {name: counts.measure(figure) for name, figure in FIGURES.items()}
    recall = [counts.measure(partial(_recall, grade)) for grade in range(GRADES)]
    return {
        name: _scores(
            findings,
            {**{figure: found[column] for figure, found in counted.items()}, "ece": ece[column]},
            [of_grade[column] for of_grade in recall],
        )
        for column, (name, findings) in enumerate(
            zip(COLUMNS, _findings(scalps, thresholds, samples), strict=True)
        )
    }


def _recall(grade: int, counts: Numbers) -> Floats:
    return recalls(counts)[..., grade]


def _findings(scalps: Judged, thresholds: Floats, samples: Resamples) -> Iterator[_Findings]:
    kept = scalps.confidence >= thresholds
    for column, counts in enumerate(confusions(scalps).tolist()):
        confidence, right = scalps.confidence[:, column], scalps.right[:, column]
        yield _Findings(confidence, right, kept[:, column], samples, counts)
    confidence, right = scalps.confidence.ravel(), scalps.right.ravel()
    spread = Resamples(samples.weights, np.repeat(samples.rows, len(Condition)))
    yield _Findings(confidence, right, kept.ravel(), spread, [])


def _scores(found: _Findings, figures: dict[str, Estimate], recall: list[Estimate]) -> Scores:
    line = risk.thinned(risk.curve(found.confidence, found.right))
    sums = reliability.sums_by_bin(found.confidence, found.right).sum(axis=0)
    everywhere = np.ones_like(found.kept)
    return Scores(
        figures={**figures, **_risk_figures(found, figures["exact"])},
        recall=recall,
        abstained=share_of(everywhere, ~found.kept, found.samples),
        risk_of_kept=share_of(found.kept, ~found.right, found.samples),
        confusion=found.confusion,
        reliability=reliability.bins_of(sums),
        coverage=line.coverage.round(5).tolist(),
        risk=line.risk.round(5).tolist(),
    )


def _risk_figures(found: _Findings, exact: Estimate) -> dict[str, Estimate]:
    """The majority's answers are all as sure, so that its risk is the same at any coverage."""
    values = risk.figures(found.confidence, found.right)
    drawn = risk.resampled(found.confidence, found.right, found.samples)
    flat = 1 - (exact.majority or 0.0)
    beside = np.array([flat, flat, flat, 1.0])
    return dict(zip(risk.RISK_FIGURES, estimates(values, drawn, beside), strict=True))


@dataclass(frozen=True, slots=True)
class Counts:
    """True by given grades: as seen ``[6, 4, 4]``, in every resample ``[r, 6, 4, 4]``, and as one
    would see them who always gives the most frequent grade."""

    seen: NDArray[np.int64]
    drawn: Floats
    majority: Floats

    def measure(self, figure: Callable[[Numbers], Floats]) -> list[Estimate]:
        """Of each of ``COLUMNS``."""
        parts = (self.seen, self.drawn, self.majority)
        return estimates(*(with_mean(figure(part)) for part in parts))


def count(scalps: Judged, samples: Resamples) -> Counts:
    cells = np.zeros((len(scalps), len(Condition), GRADES, GRADES), np.int8)
    rows, columns = np.ogrid[: len(scalps), : len(Condition)]
    cells[rows, columns, scalps.true, scalps.graded] = 1
    seen = confusions(scalps)
    return Counts(seen, samples.totals(cells), of_majority(seen))


def calibration_figures(scalps: Judged, samples: Resamples) -> list[Estimate]:
    """ECE of each of ``COLUMNS``; the bins stay where they are in every resample.

    A gap has no sign, so noise only widens it, and a resample has more noise than the photos: its
    errors are lessened by what resampling adds on average.
    """
    findings = zip(scalps.confidence.T, scalps.right.T, strict=True)
    sums = np.stack([reliability.sums_by_bin(*finding) for finding in findings], axis=1)
    seen = with_mean(reliability.calibration_error(sums.sum(axis=0)))
    drawn = with_mean(reliability.calibration_error(samples.totals(sums)))
    return estimates(seen, (drawn - drawn.mean(axis=0) + seen).clip(0.0))


def share_of(among: NDArray[np.bool_], which: NDArray[np.bool_], samples: Resamples) -> Estimate:
    """What share of the rows ``among`` are ``which``."""
    both = np.stack([among & which, among], axis=1).astype(np.float64)
    drawn, seen = samples.totals(both), both.sum(axis=0)
    found = estimates(share(seen[:1], seen[1:]), share(drawn[:, :1], drawn[:, 1:]))
    return found[0]


def with_mean(values: Floats) -> Floats:
    """``[..., 6]`` and, as a seventh, the mean of those that are a number."""
    known = np.isfinite(values)
    mean = share(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))
    return np.concatenate([values, mean[..., None]], axis=-1)
