"""Everything that is told about the answers to graded photos; ``report.json`` holds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Condition, Severity
from export.judging.bootstrap import REPLICATES, Estimate, resample
from export.judging.judged import Judged
from export.judging.metrics import FIGURES, Floats
from export.judging.scores import COLUMNS, Scores, all_scores, calibration_figures, count, share_of

SMALL_PHOTOS: Final = 100
SMALL_GROUPS: Final = 20
"""A subgroup of fewer photos or groups is marked: its figures say little, its interval too."""
_SUBGROUP_FIGURES: Final = ("qwk", "macro_f1", "exact", "severe_as_none")


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Photos that have one thing in common; ``figures`` are averaged over the conditions."""

    name: str
    photos: int
    groups: int
    small: bool
    figures: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Graded:
    """``severe``: how many photos of each condition are. ``clear_right``: of the photos without
    any condition, the share that got NONE for all six. ``subgroups``: by what they share."""

    photos: int
    groups: int
    devices: int
    severe: Mapping[str, int]
    clear_photos: int
    clear_right: Estimate
    scores: Mapping[str, Scores]
    subgroups: Mapping[str, list[Subgroup]]


def grade_report(
    judged: Judged, thresholds: Floats, *, replicates: int = REPLICATES, seed: int = 0
) -> Graded:
    """Of the scalps of ``judged``; ``thresholds`` [6]: below which a head abstains.

    Raises ``ValueError`` where there is no scalp.
    """
    scalps = judged.scalps
    samples = resample(scalps.groups, replicates=replicates, seed=seed)
    severe = (scalps.true == Severity.SEVERE).sum(axis=0).tolist()
    clear = (scalps.true == Severity.NONE).all(axis=1)
    named_none = (scalps.graded == Severity.NONE).all(axis=1)
    return Graded(
        photos=len(scalps),
        groups=samples.groups,
        devices=len(np.unique(scalps.devices)),
        severe=dict(zip(map(str, Condition), severe, strict=True)),
        clear_photos=int(clear.sum()),
        clear_right=share_of(clear, named_none, samples),
        scores=all_scores(scalps, thresholds, samples),
        subgroups=_subgroups(scalps, replicates, seed),
    )


def _subgroups(scalps: Judged, replicates: int, seed: int) -> dict[str, list[Subgroup]]:
    known: dict[str, NDArray[np.str_]] = {
        "device": scalps.devices,
        "site": scalps.sites,
        "age": scalps.ages,
        "gender": scalps.genders,
    }
    return {
        kind: [_subgroup(name, scalps[values == name], replicates, seed) for name in _names(values)]
        for kind, values in known.items()
    }


def _names(values: NDArray[np.str_]) -> Iterable[str]:
    return sorted({str(value) for value in values} - {""})


def _subgroup(name: str, scalps: Judged, replicates: int, seed: int) -> Subgroup:
    samples = resample(scalps.groups, replicates=replicates, seed=seed)
    counts, overall = count(scalps, samples), len(COLUMNS) - 1
    figures = {figure: counts.measure(FIGURES[figure])[overall] for figure in _SUBGROUP_FIGURES}
    return Subgroup(
        name=name,
        photos=len(scalps),
        groups=samples.groups,
        small=len(scalps) < SMALL_PHOTOS or samples.groups < SMALL_GROUPS,
        figures={**figures, "ece": calibration_figures(scalps, samples)[overall]},
    )
