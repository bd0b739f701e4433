"""Reads ``rules.toml`` into typed entries; a wrong word in the file fails here, by name."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from dupi.knowledge.vocabulary import (
    AgeBand,
    Circumstance,
    Condition,
    HairProduct,
    HairState,
    PurchasePriority,
    ReferralUrgency,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)

RULES_FILE: Final = Path(__file__).with_name("rules.toml")

WORD_KINDS: Final[Mapping[str, type[StrEnum]]] = {
    "shampoo_frequency": ShampooFrequency,
    "perm_frequency": TreatmentFrequency,
    "dye_frequency": TreatmentFrequency,
    "hair_state": HairState,
    "priority": PurchasePriority,
    "ages": AgeBand,
    "sites": ScalpSite,
    "products": HairProduct,
    "symptoms": Symptom,
    "circumstances": Circumstance,
}
FLAGS: Final = frozenset({"elevated", "all_none", "abstained", "custom_care", "referral"})


class ActionKind(StrEnum):
    HABIT = "habit"
    CHECK = "check"
    PRODUCT = "product"
    SHAMPOO = "shampoo"


@dataclass(frozen=True, slots=True)
class When:
    """One line of circumstances; all of it must hold."""

    thresholds: Mapping[Condition, Severity]
    words: Mapping[str, frozenset[str]]
    flags: Mapping[str, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Phrased:
    """What can be said: ``do`` in dictionary form, ``because`` in clauses that end in -니.

    A sentence speaks of it exactly where it holds one of ``keys``.
    """

    code: str
    text: str
    keys: tuple[str, ...]
    do: tuple[str, ...]
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ActionRule(Phrased):
    kind: ActionKind
    reason: str
    source: str | None
    conditions: tuple[Condition, ...]
    when: tuple[When, ...]
    always: bool = False
    covers: bool = True
    yields_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StepRule(Phrased):
    times: int | None
    """A number a week; ``None``: as often as hair should be washed."""
    action: str | None
    when: tuple[When, ...]


@dataclass(frozen=True, slots=True)
class RedFlag:
    code: str
    urgency: ReferralUrgency
    reason: str
    source: str | None
    when: tuple[When, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    version: str
    max_actions: int
    red_flags: tuple[RedFlag, ...]
    referral_texts: Mapping[ReferralUrgency, str]
    shampoos: Mapping[str, ActionRule]
    shampoo_for: Mapping[Condition, str]
    shampoo_default: Mapping[str, str]
    actions: tuple[ActionRule, ...]
    steps: tuple[StepRule, ...]
    wash_times: Mapping[str, int]
    verbs: Mapping[str, tuple[str, str, str]] = field(repr=False)

    def phrased(self, code: str) -> ActionRule:
        """The action or shampoo of this code."""
        return self.shampoos.get(code) or next(a for a in self.actions if a.code == code)

    def step(self, text: str) -> StepRule:
        """The step with this text."""
        return next(step for step in self.steps if step.text == text)

    @property
    def sayable(self) -> tuple[ActionRule, ...]:
        """Everything that a plan may hold: shampoos, then actions."""
        return (*self.shampoos.values(), *self.actions)


@cache
def rulebook() -> Rulebook:
    """The rules that ship with Dupi."""
    return parse_rules(tomllib.loads(RULES_FILE.read_text("utf-8")))


def parse_rules(data: Mapping[str, Any]) -> Rulebook:
    """Typed rules; raises ``ValueError`` or ``KeyError`` that names what is wrong."""
    shampoos = tuple(_action({"kind": "shampoo", "when": [], **row}) for row in data["shampoo"])
    return Rulebook(
        version=data["version"],
        max_actions=data["max_actions"],
        red_flags=tuple(_red_flag(row) for row in data["red_flag"]),
        referral_texts={ReferralUrgency(k): v for k, v in data["referral_texts"].items()},
        shampoos={rule.code: rule for rule in shampoos},
        shampoo_for={Condition(k): v for k, v in data["shampoo_for"].items()},
        shampoo_default=data["shampoo_default"],
        actions=tuple(_action(row) for row in data["action"]),
        steps=tuple(_step(row) for row in data["step"]),
        wash_times=data["wash_times"],
        verbs={verb: (forms[0], forms[1], forms[2]) for verb, forms in data["verbs"].items()},
    )


def _action(row: Mapping[str, Any]) -> ActionRule:
    return ActionRule(
        **_phrases(row),
        kind=ActionKind(row["kind"]),
        reason=row["reason"],
        source=row.get("source"),
        conditions=tuple(Condition(name) for name in row["conditions"]),
        when=_whens(row["when"]),
        always=row.get("always", False),
        covers=row.get("covers", True),
        yields_to=tuple(row.get("yields_to", ())),
    )


def _step(row: Mapping[str, Any]) -> StepRule:
    times = None if row["times"] == "wash" else int(row["times"])
    return StepRule(
        **_phrases(row), times=times, action=row.get("action"), when=_whens(row["when"])
    )


def _red_flag(row: Mapping[str, Any]) -> RedFlag:
    return RedFlag(
        code=row["code"],
        urgency=ReferralUrgency(row["urgency"]),
        reason=row["reason"],
        source=row.get("source"),
        when=_whens(row["when"]),
    )


def _phrases(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "text": row["text"],
        "keys": tuple(row["keys"]),
        "do": tuple(row["do"]),
        "because": tuple(row.get("because", ())),
    }


def _whens(rows: Iterable[Mapping[str, Any]]) -> tuple[When, ...]:
    return tuple(_when(row) for row in rows)


def _when(row: Mapping[str, Any]) -> When:
    unknown = set(row) - set(WORD_KINDS) - FLAGS - {"from"}
    if unknown:
        raise ValueError(f"rules: unknown circumstance {sorted(unknown)}")
    return When(
        thresholds={Condition(k): Severity[v] for k, v in row.get("from", {}).items()},
        words={
            name: frozenset(str(kind(word)) for word in row[name])
            for name, kind in WORD_KINDS.items()
            if name in row
        },
        flags={name: bool(row[name]) for name in FLAGS & set(row)},
    )
