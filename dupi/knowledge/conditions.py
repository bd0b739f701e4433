"""What the six conditions are, and what each grade means, in words for people."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from dupi.knowledge.vocabulary import Condition, Locale, Severity

CONDITIONS_FILE: Final = Path(__file__).with_name("conditions.toml")


@dataclass(frozen=True, slots=True)
class GradeInfo:
    severity: Severity
    name: str
    meaning: str

    @property
    def grade(self) -> int:
        return int(self.severity)


@dataclass(frozen=True, slots=True)
class ConditionInfo:
    condition: Condition
    name: str
    description: str
    grades: tuple[GradeInfo, ...]


def condition_guide(locale: Locale = Locale.KO) -> tuple[ConditionInfo, ...]:
    """The guide, in the order of ``Condition``."""
    return tuple(_condition(condition, str(locale).lower()) for condition in Condition)


def _condition(condition: Condition, language: str) -> ConditionInfo:
    words = _words()
    row, names = words[condition][language], words["grades"][language]
    grades = tuple(
        GradeInfo(severity, names[severity], row["meanings"][severity]) for severity in Severity
    )
    return ConditionInfo(condition, row["name"], row["description"], grades)


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(CONDITIONS_FILE.read_text("utf-8"))
