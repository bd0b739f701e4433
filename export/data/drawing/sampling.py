"""Which grades the photos of a data set have, by what the set is for, and what is written wrongly.

Training is as unbalanced as photos of people are, and a few of its labels are off by one grade; a
test set holds every grade often enough to be measured, and its labels are as drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.drawing.grades import NO_CONDITION, Grades

Shares = tuple[float, float, float, float]


class Purpose(StrEnum):
    TRAINING = "training"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Mix:
    """``clear``, ``single``: shares of photos without any condition, and with one alone; in the
    others each condition has ``shares`` of its grades by itself, but fine scale and sebum, which
    rule each other out but for the share ``both``. ``ambiguous``: of amounts near a threshold.
    ``mislabelled``: of labels that are one grade off."""

    clear: float
    single: float
    shares: Mapping[Condition, Shares]
    both: float
    ambiguous: float
    mislabelled: Mapping[Condition, float]


_C = Condition
MIXES: Final[Mapping[Purpose, Mix]] = {
    Purpose.TRAINING: Mix(
        clear=0.18,
        single=0.30,
        shares={
            _C.FINE_SCALING: (0.28, 0.36, 0.24, 0.12),
            _C.EXCESS_SEBUM: (0.28, 0.36, 0.24, 0.12),
            _C.INTERFOLLICULAR_ERYTHEMA: (0.36, 0.33, 0.21, 0.10),
            _C.FOLLICULAR_PUSTULES: (0.60, 0.20, 0.12, 0.08),
            _C.DANDRUFF: (0.50, 0.25, 0.15, 0.10),
            _C.HAIR_LOSS: (0.40, 0.30, 0.20, 0.10),
        },
        both=0.2,
        ambiguous=0.06,
        mislabelled={
            _C.FINE_SCALING: 0.03,
            _C.EXCESS_SEBUM: 0.03,
            _C.INTERFOLLICULAR_ERYTHEMA: 0.04,
            _C.FOLLICULAR_PUSTULES: 0.02,
            _C.DANDRUFF: 0.02,
            _C.HAIR_LOSS: 0.04,
        },
    ),
    Purpose.TEST: Mix(
        clear=0.12,
        single=0.28,
        shares=dict.fromkeys(Condition, (0.34, 0.22, 0.22, 0.22)),
        both=0.35,
        ambiguous=0.0,
        mislabelled=dict.fromkeys(Condition, 0.0),
    ),
}
_SINGLE: Final[Mapping[Purpose, tuple[float, float, float]]] = {
    Purpose.TRAINING: (0.45, 0.33, 0.22),
    Purpose.TEST: (1 / 3, 1 / 3, 1 / 3),
}


def sample_grades(rng: np.random.Generator, purpose: Purpose = Purpose.TRAINING) -> Grades:
    """Grades of one photo: no condition at all, a single one, or each by itself."""
    mix, kind = MIXES[purpose], rng.random()
    if kind < mix.clear:
        return NO_CONDITION
    if kind < mix.clear + mix.single:
        only = tuple(Condition)[rng.integers(len(Condition))]
        grade = Severity(1 + int(rng.choice(3, p=_SINGLE[purpose])))
        return {**NO_CONDITION, only: grade}
    grades = {c: Severity(int(rng.choice(4, p=mix.shares[c]))) for c in Condition}
    if rng.random() >= mix.both and grades[_C.FINE_SCALING] and grades[_C.EXCESS_SEBUM]:
        grades[(_C.FINE_SCALING, _C.EXCESS_SEBUM)[rng.integers(2)]] = Severity.NONE
    return grades


def mislabel(grades: Grades, rng: np.random.Generator, purpose: Purpose) -> Grades:
    """The grades as they are written down: some one grade off, as often as the purpose has it."""
    rates = MIXES[purpose].mislabelled
    return {
        condition: _neighbour(grade, rng) if rng.random() < rates[condition] else grade
        for condition, grade in grades.items()
    }


def _neighbour(grade: Severity, rng: np.random.Generator) -> Severity:
    beside = [g for g in Severity if abs(g - grade) == 1]
    return beside[rng.integers(len(beside))]
