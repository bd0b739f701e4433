"""What each grade means in a drawing: one amount a condition, and the thresholds between grades.

This project's own scale for synthetic photos, no clinical one. A drawing's grade follows from its
amount by the thresholds; amounts keep clear of them, so that grades can be told apart by eye, but
for a few ambiguous drawings in training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dupi.knowledge.vocabulary import Condition, Severity

Grades = Mapping[Condition, Severity]
Amounts = Mapping[Condition, float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """``thresholds``: least amounts of mild, moderate and severe; ``clear``: the amounts that are
    drawn for each grade where no ambiguity is wanted; ``greatest``: the most that is drawn."""

    quantity: str
    unit: str
    thresholds: tuple[float, float, float]
    clear: tuple[Range, Range, Range, Range]
    greatest: float

    def grade(self, amount: float) -> Severity:
        return Severity(sum(amount >= threshold for threshold in self.thresholds))

    def sample(self, grade: Severity, rng: np.random.Generator, *, ambiguous: bool) -> float:
        """An amount of ``grade``: a clear one, or one between the clear ones and a threshold."""
        low, high = self.clear[grade]
        if not ambiguous:
            return float(rng.uniform(low, high))
        floor, ceiling = (0.0, *self.thresholds)[grade], (*self.thresholds, self.greatest)[grade]
        below, above = low - floor, ceiling - high
        place = rng.uniform(0, below + above)
        inside = floor + place if place < below else high + place - below
        return float(np.clip(inside, floor, np.nextafter(ceiling, floor)))


SCALES: Final[Mapping[Condition, Scale]] = {
    Condition.FINE_SCALING: Scale(
        quantity="area under fine, powdery scale",
        unit="% of the photo",
        thresholds=(0.6, 2.0, 5.0),
        clear=((0.0, 0.25), (0.9, 1.5), (2.7, 3.9), (6.5, 12.0)),
        greatest=14.0,
    ),
    Condition.EXCESS_SEBUM: Scale(
        quantity="area under an oily film",
        unit="% of the photo",
        thresholds=(10, 30, 60),
        clear=((0, 0), (14, 24), (37, 52), (70, 94)),
        greatest=98,
    ),
    Condition.INTERFOLLICULAR_ERYTHEMA: Scale(
        quantity="redness between follicles: area times strength",
        unit="% of the whole photo in the strongest red",
        thresholds=(8, 23, 50),
        clear=((0, 0), (12, 18), (29, 41), (60, 92)),
        greatest=96,
    ),
    Condition.FOLLICULAR_PUSTULES: Scale(
        quantity="inflamed follicles, most with a head of pus",
        unit="a photo (48 mm² at magnification 1)",
        thresholds=(1, 5, 11),
        clear=((0, 0), (2, 4), (6, 9), (13, 22)),
        greatest=24,
    ),
    Condition.DANDRUFF: Scale(
        quantity="area under large, loose flakes",
        unit="% of the photo",
        thresholds=(0.6, 2.0, 4.8),
        clear=((0.0, 0.0), (0.9, 1.5), (2.6, 3.8), (6.0, 12.0)),
        greatest=14.0,
    ),
    Condition.HAIR_LOSS: Scale(
        quantity="hairs that are missing, against a full scalp of the same site",
        unit="% of the hairs",
        thresholds=(18, 45, 70),
        clear=((0, 8), (27, 37), (52, 62), (79, 96)),
        greatest=98,
    ),
}

COUNTED: Final = frozenset({Condition.FOLLICULAR_PUSTULES})
"""Amounts that are whole numbers."""


def sample_amounts(grades: Grades, rng: np.random.Generator, *, ambiguous: float = 0.0) -> Amounts:
    """An amount of each condition's grade; each is ambiguous with that chance."""
    amounts: dict[Condition, float] = {}
    for condition, grade in grades.items():
        unclear = rng.random() < ambiguous
        amount = SCALES[condition].sample(grade, rng, ambiguous=unclear)
        amounts[condition] = float(int(amount)) if condition in COUNTED else amount
    return amounts


def grades_of(amounts: Amounts) -> Grades:
    return {condition: SCALES[condition].grade(amount) for condition, amount in amounts.items()}


NO_CONDITION: Final[Grades] = dict.fromkeys(Condition, Severity.NONE)


def table() -> str:
    """The scales as a Markdown table, for documents and model cards."""
    rows = [
        "| condition | what is drawn | unit | mild from | moderate from | severe from | most |",
        "|---|---|---|---|---|---|---|",
    ]
    for condition, scale in SCALES.items():
        amounts = " | ".join(f"{amount:g}" for amount in (*scale.thresholds, scale.greatest))
        name = f"{condition.korean} `{condition.name}`"
        rows.append(f"| {name} | {scale.quantity} | {scale.unit} | {amounts} |")
    return "\n".join(rows)
