"""What the rules decide: a plan, and the case it was made for. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass

from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AgeBand,
    Condition,
    Gender,
    ReferralUrgency,
    ScalpSite,
    Severity,
)


@dataclass(frozen=True, slots=True)
class PlanAction:
    """One thing to do. ``code`` is stable; ``text`` and ``reason`` are Korean."""

    code: str
    text: str
    reason: str
    source: str | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class RoutineStep:
    action_code: str | None
    text: str
    times_per_week: int


@dataclass(frozen=True, slots=True)
class Referral:
    urgency: ReferralUrgency
    text: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions (most important first), a shampoo, a routine, a referral.

    Where there is a referral there is no shampoo, and no action recommends a product. ``edition``:
    of the rules that made it, and that know how it is worded.
    """

    actions: tuple[PlanAction, ...]
    shampoo: PlanAction | None
    routine: tuple[RoutineStep, ...]
    referral: Referral | None
    edition: str = "1"


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules look at. A condition whose finding abstained has grade ``None``."""

    grades: Mapping[Condition, Severity | None]
    survey: SurveyAnswers
    age_band: AgeBand
    gender: Gender | None
    sites: tuple[ScalpSite, ...]
