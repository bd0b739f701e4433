"""Reads the editions of the rules; what is wrong in their files fails here, by name.

An edition is what may be advised and how it may be worded, for an advisor is trained on both. What
sends a person to a doctor is the same in all of them, for those words are never the advisor's.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from dupi.knowledge.rule_checks import faults
from dupi.knowledge.rule_entries import (
    ActionKind,
    ActionRule,
    Conflict,
    Phrased,
    RedFlag,
    Rulebook,
    Rung,
    Source,
    StepRule,
    When,
    Withheld,
)
from dupi.knowledge.vocabulary import Condition, ReferralUrgency

__all__ = [
    "EDITIONS", "LIVE", "NEWEST", "ActionKind", "ActionRule", "Phrased", "Rulebook", "RulesError",
    "Rung", "StepRule", "When", "parse_rules", "read_edition", "rulebook",
]  # fmt: skip

KNOWLEDGE: Final = Path(__file__).parent
SHARED: Final = ("sources", "referral")
EDITIONS: Final = ("1", "2")
LIVE: Final = "1"
"""What plans are made by. It becomes the newest together with weights of the advisor that were
trained on it: those that ship were trained on the first, and say nothing that is new since."""
NEWEST: Final = EDITIONS[-1]
Table = Mapping[str, Any]
T = TypeVar("T")


class RulesError(ValueError):
    """The files hold what cannot be right; each line of the message names an entry and a fault."""


@cache
def rulebook(edition: str = LIVE) -> Rulebook:
    """The rules of an edition; a plan's are ``rulebook(plan.edition)``. Raises RulesError."""
    return parse_rules(*read_edition(edition))


def read_edition(edition: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its rules, with what all editions share, and its phrases. Raises RulesError."""
    if edition not in EDITIONS:
        raise RulesError(f"{edition!r} is no edition: there are {', '.join(EDITIONS)}")
    shared = [KNOWLEDGE / f"{name}.toml" for name in SHARED]
    own = [KNOWLEDGE / "editions" / edition / f"{name}.toml" for name in ("rules", "phrases")]
    *parts, phrases = (_read(file) for file in (*shared, *own))
    return {key: value for part in parts for key, value in part.items()}, phrases


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except ValueError as fault:  # not TOML, or not UTF-8
        raise RulesError(f"{file.relative_to(KNOWLEDGE)}: {fault}") from fault


def parse_rules(rules: Table, phrases: Table) -> Rulebook:
    """The contents of an edition's files as one rulebook. Raises RulesError with all faults."""
    reader = _Reader(rules, phrases)
    book = reader.rulebook()
    found = [*reader.faults, *(faults(book, phrases) if book else ())]
    if found or not book:
        raise RulesError("\n".join(found))
    return book


class _Reader:
    """Reads section by section and keeps every fault, so that one reading tells them all."""

    def __init__(self, rules: Table, phrases: Table) -> None:
        self._rules = rules
        self._phrases = phrases
        self.faults: list[str] = []

    def rulebook(self) -> Rulebook | None:
        """None where a fault leaves no whole rulebook."""
        shampoos = self._rows(ActionRule, "shampoo", {"kind": ActionKind.SHAMPOO})
        plain = ("version", "reviewed_by", "max_actions", "shampoo_default", "wash_times")
        parts = {
            **{name: self._rules.get(name) for name in plain},
            "sources": self._one(dict[str, Source], "sources"),
            "red_flags": self._rows(RedFlag, "red_flag"),
            "referral_texts": self._one(dict[ReferralUrgency, str], "referral_texts"),
            "shampoos": {rule.code: rule for rule in shampoos},
            "shampoo_for": self._one(dict[Condition, str], "shampoo_for"),
            "shampoo_first": self._rules.get("shampoo_first", {}),
            "withheld": self._rows(Withheld, "withheld"),
            "actions": self._rows(ActionRule, "action"),
            "steps": self._rows(StepRule, "step"),
            "conflicts": self._rows(Conflict, "conflict"),
            "verbs": self._phrases.get("verbs"),
        }
        return None if self.faults else self._checked(Rulebook, parts, "")

    def _rows(self, kind: type[T], section: str, more: Table | None = None) -> tuple[T, ...]:
        rows = [{**(more or {}), **row} for row in self._rules.get(section, ())]
        if issubclass(kind, Phrased):
            rows = [{**row, **self._phrases.get(str(row.get("code")), {})} for row in rows]
        read = (self._checked(kind, row, _place(section, i, row)) for i, row in enumerate(rows, 1))
        return tuple(entry for entry in read if entry is not None)

    def _one(self, kind: type[T], section: str) -> T | None:
        return self._checked(kind, self._rules.get(section), f"{section}: ")

    def _checked(self, kind: type[T], value: object, place: str) -> T | None:
        try:
            return TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            self.faults += [f"{place}{_told(fault)}" for fault in error.errors()]
            return None


def _place(section: str, number: int, row: Table) -> str:
    return f"{section} {row.get('code', number)}: "


def _told(fault: Mapping[str, Any]) -> str:
    where: Iterable[object] = fault["loc"]
    return f"{'.'.join(map(str, where))}: {fault['msg']} (it is {fault['input']!r})"
