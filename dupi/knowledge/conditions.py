"""What the six conditions are, and what each grade means, in words for people."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from dupi.knowledge.vocabulary import Condition, Locale, Severity

CONDITIONS_FILE: Final = Path(__file__).with_name("conditions.toml")
EXAMPLES: Final = Path(__file__).with_name("examples")
"""Drawn photos, one of each condition and grade: ``python -m export.data.examples`` draws them."""


@dataclass(frozen=True, slots=True)
class GradeInfo:
    """``meaning``: what it looks like; ``helps``: what a person can do; ``doctor``: when to see
    one; ``example``: file name of a drawn photo in :data:`EXAMPLES`."""

    severity: Severity
    name: str
    meaning: str
    helps: tuple[str, ...]
    doctor: str
    example: str

    @property
    def grade(self) -> int:
        return int(self.severity)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a scale of the whole head, which a photo of one place cannot tell."""

    scale: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ConditionInfo:
    """``stages``: of hair loss alone."""

    condition: Condition
    name: str
    description: str
    grades: tuple[GradeInfo, ...]
    stages: tuple[Stage, ...]


def condition_guide(locale: Locale = Locale.KO) -> tuple[ConditionInfo, ...]:
    """The guide, in the order of ``Condition``."""
    return tuple(_condition(condition, str(locale).lower()) for condition in Condition)


def _condition(condition: Condition, language: str) -> ConditionInfo:
    words = _words()
    row, names = words[condition][language], words["grades"][language]
    stages = tuple(Stage(**stage) for stage in row.get("stages", ()))
    grades = tuple(_grade(condition, severity, names[severity], row) for severity in Severity)
    return ConditionInfo(condition, row["name"], row["description"], grades, stages)


def _grade(condition: Condition, severity: Severity, name: str, row: dict[str, Any]) -> GradeInfo:
    return GradeInfo(
        severity=severity,
        name=name,
        meaning=row["meanings"][severity],
        helps=tuple(row["helps"][severity]),
        doctor=row["doctor"][severity],
        example=example_name(condition, severity),
    )


def example_name(condition: Condition, severity: Severity) -> str:
    """``dandruff_2.jpg``"""
    return f"{condition.lower()}_{int(severity)}.jpg"


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(CONDITIONS_FILE.read_text("utf-8"))
