"""Cases for tests: by hand, all combinations of grades, and samples of the whole space."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
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
    gender: Gender | None = Gender.FEMALE,
) -> Case:
    """A case; conditions that are not named are NONE."""
    everything = {c: grades.get(c, Severity.NONE) for c in Condition}
    return Case(everything, survey, age, gender, sites)


def with_all_grades(case: Case) -> Iterator[Case]:
    """``case`` with each of the 4⁶ combinations of grades."""
    for grades in product(Severity, repeat=len(Condition)):
        yield replace(case, grades=dict(zip(Condition, grades, strict=True)))


def sampled_cases(seed: int, count: int) -> Iterator[Case]:
    """Persons of all kinds; half of them without symptoms or circumstances."""
    rng = random.Random(seed)  # noqa: S311 - cases, not secrets
    for _ in range(count):
        yield _sampled(rng)


def _sampled(rng: random.Random) -> Case:
    grades = rng.choices([None, *Severity], [1, 8, 4, 3, 2], k=len(Condition))
    is_plain = rng.random() < 0.5
    survey = SurveyAnswers(
        shampoo_frequency=rng.choice(list(ShampooFrequency)),
        perm_frequency=rng.choice(list(TreatmentFrequency)),
        dye_frequency=rng.choice(list(TreatmentFrequency)),
        hair_state=rng.choice(list(HairState)),
        products=tuple(rng.sample(list(HairProduct), rng.randint(0, 4))),
        wants_custom_care=rng.random() < 0.5,
        purchase_priority=rng.choice(list(PurchasePriority)),
        symptoms=() if is_plain else tuple(rng.sample(list(Symptom), rng.randint(0, 2))),
        circumstances=() if is_plain else tuple(rng.sample(list(Circumstance), rng.randint(0, 1))),
    )
    return Case(
        grades=dict(zip(Condition, grades, strict=True)),
        survey=survey,
        age_band=rng.choice(list(AgeBand)),
        gender=rng.choice([None, *Gender]),
        sites=tuple(rng.sample(list(ScalpSite), rng.randint(1, 4))),
    )


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
