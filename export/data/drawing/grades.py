"""What each grade means in a drawing: ranges of count, area and strength.

The ranges leave gaps, so that a grade can be told from its neighbours by eye and at 160 px. Counts
are of a 640 × 480 frame. They are this project's own scale for synthetic photos, no clinical one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dupi.knowledge.vocabulary import Condition, Severity

Grades = Mapping[Condition, Severity]
Range = tuple[float, float]

FINE_FLAKES: tuple[Range, ...] = ((0, 3), (28, 46), (85, 120), (200, 270))
"""How many thin whitish flakes of 5 to 13 px lie between the follicles."""

SEBUM_COVERAGE: tuple[Range, ...] = ((0, 0), (0.14, 0.22), (0.38, 0.50), (0.74, 0.90))
"""Share of the skin under a yellowish film; it also sets how many reflections there are."""
SEBUM_REFLECTIONS = 130

ERYTHEMA_STRENGTH: tuple[Range, ...] = ((0, 0), (0.20, 0.28), (0.46, 0.56), (0.80, 0.95))
ERYTHEMA_COVERAGE: tuple[Range, ...] = ((0, 0), (0.34, 0.44), (0.60, 0.70), (0.88, 0.96))
"""How red the skin between follicles is, and over which share of it."""

INFLAMED_FOLLICLES: tuple[Range, ...] = ((0, 0), (2, 3), (6, 8), (13, 17))
"""How many follicles are ringed red; two in three of them carry a head of pus."""

DANDRUFF_CLUMPS: tuple[Range, ...] = ((0, 0), (3, 5), (10, 13), (22, 28))
"""How many white to yellowish clumps of 18 to 48 px lie on skin and hair."""

HAIR_DENSITY: tuple[Range, ...] = ((0.92, 1.0), (0.64, 0.71), (0.38, 0.45), (0.10, 0.18))
HAIR_THICKNESS: tuple[Range, ...] = ((0.95, 1.05), (0.82, 0.90), (0.66, 0.74), (0.48, 0.58))
"""Share of the hairs that are there, and their thickness against a full hair's."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """One drawing's amounts, drawn from the ranges of its grades."""

    fine_flakes: int
    sebum_coverage: float
    erythema_strength: float
    erythema_coverage: float
    inflamed_follicles: int
    dandruff_clumps: int
    hair_density: float
    hair_thickness: float

    @classmethod
    def of(cls, grades: Grades, rng: np.random.Generator) -> "Amounts":
        def amount(condition: Condition, ranges: tuple[Range, ...]) -> float:
            return float(rng.uniform(*ranges[grades[condition]]))

        erythema = Condition.INTERFOLLICULAR_ERYTHEMA
        return cls(
            fine_flakes=round(amount(Condition.FINE_SCALING, FINE_FLAKES)),
            sebum_coverage=amount(Condition.EXCESS_SEBUM, SEBUM_COVERAGE),
            erythema_strength=amount(erythema, ERYTHEMA_STRENGTH),
            erythema_coverage=amount(erythema, ERYTHEMA_COVERAGE),
            inflamed_follicles=round(amount(Condition.FOLLICULAR_PUSTULES, INFLAMED_FOLLICLES)),
            dandruff_clumps=round(amount(Condition.DANDRUFF, DANDRUFF_CLUMPS)),
            hair_density=amount(Condition.HAIR_LOSS, HAIR_DENSITY),
            hair_thickness=amount(Condition.HAIR_LOSS, HAIR_THICKNESS),
        )


NO_CONDITION: Grades = dict.fromkeys(Condition, Severity.NONE)

_SHARE_WITHOUT_CONDITION = 0.18
_SHARE_WITH_ONE_CONDITION = 0.30
_INDEPENDENT_GRADES = (0.40, 0.20, 0.20, 0.20)


def sample_grades(rng: np.random.Generator) -> Grades:
    """Grades of one photo: none at all, a single condition, or each condition by itself."""
    kind = rng.random()
    if kind < _SHARE_WITHOUT_CONDITION:
        return NO_CONDITION
    if kind < _SHARE_WITHOUT_CONDITION + _SHARE_WITH_ONE_CONDITION:
        only = tuple(Condition)[rng.integers(len(Condition))]
        return {**NO_CONDITION, only: Severity(int(rng.integers(1, 4)))}
    return {c: Severity(int(rng.choice(4, p=_INDEPENDENT_GRADES))) for c in Condition}
