"""Cases for tests: one by hand, and a hypothesis strategy over the whole space."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from dupi.knowledge.plan import Case
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AgeBand,
    Circumstance,
    Condition,
    Gender,
    HairProduct,
    HairState,
    PurchasePriority,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)

PLAIN_SURVEY = SurveyAnswers(
    shampoo_frequency=ShampooFrequency.ONCE_A_DAY,
    perm_frequency=TreatmentFrequency.NEVER,
    dye_frequency=TreatmentFrequency.NEVER,
    hair_state=HairState.NATURAL,
    products=(HairProduct.SHAMPOO,),
    wants_custom_care=False,
    purchase_priority=PurchasePriority.CLEANSING,
    symptoms=(),
)


def a_survey(**answers: Any) -> SurveyAnswers:
    return replace(PLAIN_SURVEY, **answers)


def a_case(
    grades: Mapping[Condition, Severity | None],
    survey: SurveyAnswers = PLAIN_SURVEY,
    age: AgeBand = AgeBand.THIRTIES,
    sites: tuple[ScalpSite, ...] = (ScalpSite.LEFT,),
) -> Case:
    """A case; conditions that are not named are NONE."""
    everything = {c: grades.get(c, Severity.NONE) for c in Condition}
    return Case(everything, survey, age, Gender.FEMALE, sites)


def _some(kind: Any) -> Any:
    return st.lists(st.sampled_from(kind), unique=True, max_size=3).map(tuple)


def cases() -> st.SearchStrategy[Case]:
    """Any case at all."""
    survey = st.builds(
        SurveyAnswers,
        shampoo_frequency=st.sampled_from(ShampooFrequency),
        perm_frequency=st.sampled_from(TreatmentFrequency),
        dye_frequency=st.sampled_from(TreatmentFrequency),
        hair_state=st.sampled_from(HairState),
        products=_some(HairProduct),
        wants_custom_care=st.booleans(),
        purchase_priority=st.sampled_from(PurchasePriority),
        symptoms=st.just(()) | _some(Symptom),
        circumstances=st.just(()) | _some(Circumstance),
    )
    grade = st.sampled_from([None, *Severity])
    return st.builds(
        Case,
        grades=st.fixed_dictionaries(dict.fromkeys(Condition, grade)),
        survey=survey,
        age_band=st.sampled_from(AgeBand),
        gender=st.none() | st.sampled_from(Gender),
        sites=st.lists(st.sampled_from(ScalpSite), unique=True, min_size=1).map(tuple),
    )
