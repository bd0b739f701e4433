"""What the rules decided, what the model put into words, and what the person had answered."""

from collections.abc import Sequence
from typing import Self

import strawberry

from dupi.analyses import models
from dupi.analyses.models import AdviceSource
from dupi.knowledge import plan as domain
from dupi.knowledge.survey import SurveyAnswers as DomainAnswers
from dupi.knowledge.vocabulary import (
    AdviceSectionKind,
    Circumstance,
    Condition,
    HairProduct,
    HairState,
    PurchasePriority,
    ReferralUrgency,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)


@strawberry.type
class PlanAction:
    """``code`` is stable."""

    code: str
    text: str
    reason: str
    source: str | None
    conditions: list[Condition]

    @classmethod
    def from_model(cls, action: domain.PlanAction) -> Self:
        return cls(
            code=action.code,
            text=action.text,
            reason=action.reason,
            source=action.source,
            conditions=list(action.conditions),
        )


@strawberry.type
class RoutineStep:
    action_code: str | None
    text: str
    times_per_week: int

    @classmethod
    def from_model(cls, step: domain.RoutineStep) -> Self:
        return cls(action_code=step.action_code, text=step.text, times_per_week=step.times_per_week)


@strawberry.type
class Referral:
    urgency: ReferralUrgency
    text: str
    reasons: list[str]

    @classmethod
    def from_model(cls, referral: domain.Referral) -> Self:
        return cls(urgency=referral.urgency, text=referral.text, reasons=list(referral.reasons))


@strawberry.type
class Plan:
    """Most important first. A referral leaves no shampoo."""

    actions: list[PlanAction]
    shampoo: PlanAction | None
    routine: list[RoutineStep]
    referral: Referral | None

    @classmethod
    def from_model(cls, plan: domain.Plan) -> Self:
        return cls(
            actions=[PlanAction.from_model(action) for action in plan.actions],
            shampoo=PlanAction.from_model(plan.shampoo) if plan.shampoo else None,
            routine=[RoutineStep.from_model(step) for step in plan.routine],
            referral=Referral.from_model(plan.referral) if plan.referral else None,
        )


@strawberry.type
class AdviceSection:
    kind: AdviceSectionKind
    title: str
    text: str

    @classmethod
    def from_model(cls, section: models.AdviceSectionRecord) -> Self:
        return cls(kind=section.kind, title=section.title, text=section.text)


@strawberry.type
class Advice:
    """``model`` is null where the rules' own words stand."""

    source: AdviceSource
    sections: list[AdviceSection]
    text: str
    model: str | None
    model_version: str | None

    @classmethod
    def from_model(cls, advice: models.AdviceRecord) -> Self:
        return cls(
            source=advice.source,
            sections=_sections(advice.sections),
            text=advice.text,
            model=advice.model,
            model_version=advice.model_version,
        )


def _sections(sections: Sequence[models.AdviceSectionRecord]) -> list[AdviceSection]:
    return [AdviceSection.from_model(section) for section in sections]


@strawberry.type
class SurveyAnswers:
    shampoo_frequency: ShampooFrequency
    perm_frequency: TreatmentFrequency
    dye_frequency: TreatmentFrequency
    hair_state: HairState
    products: list[HairProduct]
    wants_custom_care: bool
    purchase_priority: PurchasePriority
    symptoms: list[Symptom]
    circumstances: list[Circumstance]

    @classmethod
    def from_model(cls, answers: DomainAnswers) -> Self:
        return cls(
            shampoo_frequency=answers.shampoo_frequency,
            perm_frequency=answers.perm_frequency,
            dye_frequency=answers.dye_frequency,
            hair_state=answers.hair_state,
            products=list(answers.products),
            wants_custom_care=answers.wants_custom_care,
            purchase_priority=answers.purchase_priority,
            symptoms=list(answers.symptoms),
            circumstances=list(answers.circumstances),
        )
