"""The entries of the rules' files, checked by pydantic as they are read."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Annotated, Final

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass as checked_dataclass

from dupi.knowledge.vocabulary import (
    AgeBand,
    Circumstance,
    Condition,
    Gender,
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

_STRICT: Final = ConfigDict(extra="forbid")


class ActionKind(StrEnum):
    HABIT = "habit"
    CHECK = "check"
    PRODUCT = "product"
    SHAMPOO = "shampoo"


class Rung(IntEnum):
    """How near an action or a referral comes to a doctor; higher is nearer."""

    CARE = 0
    LOOK_LATER = 1
    LOOK_AGAIN = 2
    DOCTOR_AFTER_A_MONTH = 3
    DOCTOR_AFTER_TWO_WEEKS = 4
    DOCTOR_ADVISED = 5
    REFERRAL_SOON = 6
    REFERRAL_PROMPT = 7
    REFERRAL_URGENT = 8


def _named(kind: type[IntEnum]) -> BeforeValidator:
    """An ``IntEnum`` by its name, as the files write it."""

    def read(name: object) -> object:
        if isinstance(name, kind) or name in kind.__members__:
            return name if isinstance(name, kind) else kind[str(name)]
        raise ValueError(f"{name!r} is none of {', '.join(kind.__members__)}")

    return BeforeValidator(read)


Grade = Annotated[Severity, _named(Severity)]

WORDS: Final = (
    "shampoo_frequency",
    "perm_frequency",
    "dye_frequency",
    "hair_state",
    "priority",
    "ages",
    "genders",
    "sites",
    "products",
    "symptoms",
    "circumstances",
    "shampoo",
)
FLAGS: Final = ("elevated", "all_none", "abstained", "custom_care", "referral")


@checked_dataclass(frozen=True, eq=False, kw_only=True, config=_STRICT)
class When:
    """One line of circumstances; all of it must hold."""

    thresholds: Mapping[Condition, Grade] = Field(default_factory=dict, alias="from")
    """One of these is at its grade or above."""
    also: Mapping[Condition, Grade] = Field(default_factory=dict)
    below: Mapping[Condition, Grade] = Field(default_factory=dict)
    """All of these were graded, and each is under its grade."""
    shampoo_frequency: frozenset[ShampooFrequency] = frozenset()
    perm_frequency: frozenset[TreatmentFrequency] = frozenset()
    dye_frequency: frozenset[TreatmentFrequency] = frozenset()
    hair_state: frozenset[HairState] = frozenset()
    priority: frozenset[PurchasePriority] = frozenset()
    ages: frozenset[AgeBand] = frozenset()
    genders: frozenset[Gender] = frozenset()
    sites: frozenset[ScalpSite] = frozenset()
    products: frozenset[HairProduct] = frozenset()
    symptoms: frozenset[Symptom] = frozenset()
    circumstances: frozenset[Circumstance] = frozenset()
    shampoo: frozenset[str] = frozenset()
    elevated: bool | None = None
    all_none: bool | None = None
    abstained: bool | None = None
    custom_care: bool | None = None
    referral: bool | None = None

    @cached_property
    def words(self) -> Mapping[str, frozenset[str]]:
        """What is asked of the answers: of each of these, one must be among them."""
        asked = {name: frozenset(map(str, getattr(self, name))) for name in WORDS}
        return {name: words for name, words in asked.items() if words}

    @cached_property
    def flags(self) -> Mapping[str, bool]:
        asked = {name: getattr(self, name) for name in FLAGS}
        return {name: wanted for name, wanted in asked.items() if wanted is not None}


@checked_dataclass(frozen=True, eq=False, kw_only=True, config=_STRICT)
class Phrased:
    """What can be said: ``do`` in dictionary form, ``because`` in clauses that end in -니.

    A sentence speaks of it exactly where it holds one of ``keys``. ``en``: ``text`` in English.
    """

    code: str
    text: str = Field(min_length=1)
    en: str = Field(min_length=1)
    keys: tuple[str, ...] = Field(min_length=1)
    do: tuple[str, ...] = Field(min_length=1)
    because: tuple[str, ...] = ()


@checked_dataclass(frozen=True, eq=False, kw_only=True, config=_STRICT)
class ActionRule(Phrased):
    kind: ActionKind
    reason: str = Field(min_length=1)
    source: tuple[str, ...] = Field(min_length=1)
    """Keys of ``Rulebook.sources``."""
    conditions: tuple[Condition, ...]
    when: tuple[When, ...] = ()
    always: bool = False
    covers: bool = True
    counts: bool = True
    rung: Annotated[Rung, _named(Rung)] = Rung.CARE

    @cached_property
    def reaches(self) -> Mapping[Condition, Severity]:
        """Of each of ``conditions``, the grade from which the action is for it."""
        lines = [grades for when in self.when for grades in (when.thresholds, when.also)]
        return {
            condition: min((g[condition] for g in lines if condition in g), default=Severity.MILD)
            for condition in self.conditions
        }


@checked_dataclass(frozen=True, eq=False, kw_only=True, config=_STRICT)
class StepRule(Phrased):
    times: Annotated[int | None, BeforeValidator(lambda n: None if n == "wash" else n)]
    """A number a week; ``None``: as often as hair should be washed."""
    action: str | None = None
    when: tuple[When, ...] = Field(min_length=1)


@checked_dataclass(frozen=True, kw_only=True, config=_STRICT)
class RedFlag:
    code: str
    urgency: ReferralUrgency
    reason: str = Field(min_length=1)
    en: str = Field(min_length=1)
    source: tuple[str, ...] = Field(min_length=1)
    when: tuple[When, ...] = Field(min_length=1)


@checked_dataclass(frozen=True, kw_only=True, config=_STRICT)
class Conflict:
    """Where one of ``keep`` is planned, none of ``drop`` is."""

    keep: frozenset[str] = Field(min_length=1)
    drop: frozenset[str] = Field(min_length=1)
    because: str = Field(min_length=1)


@checked_dataclass(frozen=True, eq=False, kw_only=True, config=_STRICT)
class Withheld:
    """Who is advised no product, though nothing refers them."""

    when: tuple[When, ...] = Field(min_length=1)
    because: str = Field(min_length=1)


@checked_dataclass(frozen=True, kw_only=True, config=_STRICT)
class Source:
    who: str
    title: str
    at: str = Field(pattern=r"^https://\S+$")

    def __str__(self) -> str:
        return f"{self.who}, {self.title} <{self.at}>"


@checked_dataclass(frozen=True, eq=False, kw_only=True, config=_STRICT)
class Rulebook:
    """What both files hold, entries in the files' order."""

    version: str
    reviewed_by: str
    max_actions: int = Field(ge=1)
    sources: Mapping[str, Source]
    red_flags: tuple[RedFlag, ...]
    referral_texts: Mapping[ReferralUrgency, str]
    shampoos: Mapping[str, ActionRule]
    shampoo_for: Mapping[Condition, str]
    shampoo_first: Mapping[Condition, Grade]
    """Of each of these, the grade from which it decides whatever else is worse."""
    shampoo_default: Mapping[str, str]
    withheld: tuple[Withheld, ...]
    actions: tuple[ActionRule, ...]
    steps: tuple[StepRule, ...]
    conflicts: tuple[Conflict, ...]
    wash_times: Mapping[str, int]
    verbs: Mapping[str, tuple[str, str, str]]

    def phrased(self, code: str) -> ActionRule:
        """The action or shampoo of this code."""
        return self.shampoos.get(code) or next(a for a in self.actions if a.code == code)

    def step(self, text: str) -> StepRule:
        """The step with this text."""
        return next(step for step in self.steps if step.text == text)

    def cited(self, rule: ActionRule | RedFlag) -> str:
        """The rule's sources, as a person can look them up."""
        return "; ".join(str(self.sources[key]) for key in rule.source)

    @property
    def sayable(self) -> tuple[ActionRule, ...]:
        """Everything that a plan may hold: shampoos, then actions."""
        return (*self.shampoos.values(), *self.actions)
