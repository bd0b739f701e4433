"""What sends a person to a doctor, how soon, and that nothing else does."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dupi.knowledge.plan import Case
from dupi.knowledge.rulebook import NEWEST
from dupi.knowledge.rules import make_plan
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AgeBand,
    Circumstance,
    Condition,
    HairProduct,
    HairState,
    ReferralUrgency,
    Severity,
    Symptom,
    TreatmentFrequency,
)
from tests.knowledge.cases import PLAIN_SURVEY, a_case, a_survey, cases

SOON, PROMPT, URGENT = ReferralUrgency
MILD, MODERATE, SEVERE = Severity.MILD, Severity.MODERATE, Severity.SEVERE
FINE_SCALING, SEBUM, ERYTHEMA, PUSTULES, DANDRUFF, HAIR_LOSS = Condition


def urgency(case: Case) -> ReferralUrgency | None:
    referral = make_plan(case).referral
    return referral.urgency if referral else None


def with_symptoms(*symptoms: Symptom) -> SurveyAnswers:
    return a_survey(symptoms=symptoms)


@pytest.mark.parametrize(
    ("symptom", "expected"),
    [
        (Symptom.PAIN, PROMPT),
        (Symptom.PUS, PROMPT),
        (Symptom.FEVER, URGENT),
        (Symptom.BLEEDING, PROMPT),
        (Symptom.SUDDEN_SHEDDING, PROMPT),
        (Symptom.PATCHY_LOSS, PROMPT),
        (Symptom.ITCHING, None),
        (Symptom.BURNING, None),
    ],
)
def test_symptoms_by_themselves(symptom: Symptom, expected: ReferralUrgency | None) -> None:
    assert urgency(a_case({}, with_symptoms(symptom))) is expected


@settings(max_examples=300, deadline=None)
@given(
    cases(), st.sampled_from([s for s in Symptom if s not in (Symptom.ITCHING, Symptom.BURNING)])
)
def test_a_red_flag_refers_whatever_else_is_so(case: Case, symptom: Symptom) -> None:
    flagged = replace(case.survey, symptoms=(*case.survey.symptoms, symptom))
    referral = make_plan(replace(case, survey=flagged)).referral
    assert referral is not None
    assert referral.urgency is (URGENT if Symptom.FEVER in flagged.symptoms else PROMPT)


@pytest.mark.parametrize(
    ("condition", "first", "expected"),
    [(PUSTULES, MODERATE, PROMPT), (ERYTHEMA, SEVERE, PROMPT), (HAIR_LOSS, SEVERE, SOON)],
)
def test_grades_that_refer_do_so_from_there_up(
    condition: Condition, first: Severity, expected: ReferralUrgency
) -> None:
    for grade in Severity:
        assert urgency(a_case({condition: grade})) is (expected if grade >= first else None)


@pytest.mark.parametrize("condition", [FINE_SCALING, SEBUM, DANDRUFF])
@pytest.mark.parametrize("grade", Severity)
def test_other_grades_by_themselves_do_not(condition: Condition, grade: Severity) -> None:
    assert urgency(a_case({condition: grade})) is None


DYES = a_survey(symptoms=(Symptom.ITCHING,), dye_frequency=TreatmentFrequency.ONE_TO_THREE_A_YEAR)
TOGETHER = [
    ({ERYTHEMA: MODERATE}, with_symptoms(Symptom.BURNING), AgeBand.THIRTIES, PROMPT),
    ({ERYTHEMA: MILD}, with_symptoms(Symptom.BURNING), AgeBand.THIRTIES, None),
    ({HAIR_LOSS: MODERATE, PUSTULES: MILD}, PLAIN_SURVEY, AgeBand.THIRTIES, PROMPT),
    ({HAIR_LOSS: MODERATE, ERYTHEMA: MODERATE}, PLAIN_SURVEY, AgeBand.THIRTIES, PROMPT),
    ({HAIR_LOSS: MILD, PUSTULES: MILD}, PLAIN_SURVEY, AgeBand.THIRTIES, None),
    ({HAIR_LOSS: MILD}, with_symptoms(Symptom.BURNING), AgeBand.THIRTIES, SOON),
    ({HAIR_LOSS: MODERATE}, with_symptoms(Symptom.ITCHING), AgeBand.THIRTIES, SOON),
    ({HAIR_LOSS: MILD}, with_symptoms(Symptom.ITCHING), AgeBand.THIRTIES, None),
    ({DANDRUFF: SEVERE, ERYTHEMA: MODERATE}, PLAIN_SURVEY, AgeBand.THIRTIES, SOON),
    ({FINE_SCALING: SEVERE}, with_symptoms(Symptom.ITCHING), AgeBand.THIRTIES, SOON),
    ({DANDRUFF: MODERATE}, with_symptoms(Symptom.ITCHING), AgeBand.THIRTIES, None),
    ({ERYTHEMA: MODERATE}, DYES, AgeBand.THIRTIES, SOON),
    ({ERYTHEMA: MILD}, DYES, AgeBand.THIRTIES, None),
    ({HAIR_LOSS: MODERATE, FINE_SCALING: MODERATE}, PLAIN_SURVEY, AgeBand.FIFTIES, None),
    ({HAIR_LOSS: MODERATE, FINE_SCALING: MODERATE}, PLAIN_SURVEY, AgeBand.SIXTIES_AND_OVER, SOON),
]


@pytest.mark.parametrize(
    ("grades", "survey", "age", "expected"), TOGETHER, ids=range(len(TOGETHER))
)
def test_findings_that_refer_together(
    grades: dict[Condition, Severity],
    survey: SurveyAnswers,
    age: AgeBand,
    expected: ReferralUrgency | None,
) -> None:
    assert urgency(a_case(grades, survey, age)) is expected


@pytest.mark.parametrize("grade", [MILD, MODERATE, SEVERE])
@pytest.mark.parametrize("condition", Condition)
def test_minors_and_circumstances_with_a_finding(condition: Condition, grade: Severity) -> None:
    grades = {condition: grade}
    assert urgency(a_case(grades, age=AgeBand.TEENS))
    assert urgency(a_case(grades, a_survey(hair_state=HairState.TRANSPLANT_OR_PROCEDURE)))
    for circumstance in Circumstance:
        assert urgency(a_case(grades, a_survey(circumstances=(circumstance,))))


def test_minors_and_circumstances_without_a_finding() -> None:
    def told(circumstance: Circumstance) -> ReferralUrgency | None:
        return urgency(a_case({}, a_survey(circumstances=(circumstance,))))

    assert told(Circumstance.PREGNANT) is None
    assert told(Circumstance.NURSING) is None
    assert told(Circumstance.UNDER_SCALP_TREATMENT) is SOON
    assert told(Circumstance.RECENT_SCALP_PROCEDURE) is SOON
    assert urgency(a_case({}, age=AgeBand.TEENS)) is None
    assert urgency(a_case({}, a_survey(hair_state=HairState.TRANSPLANT_OR_PROCEDURE))) is None


@pytest.mark.parametrize("symptom", [Symptom.ITCHING, Symptom.BURNING])
def test_what_is_light_in_an_adult_refers_a_minor_and_in_pregnancy(symptom: Symptom) -> None:
    assert urgency(a_case({}, with_symptoms(symptom), AgeBand.TEENS)) is SOON
    pregnant = a_survey(symptoms=(symptom,), circumstances=(Circumstance.PREGNANT,))
    assert urgency(a_case({}, pregnant)) is SOON


def test_a_hair_loss_product_refers_in_pregnancy_while_nursing_and_in_the_teens() -> None:
    uses = a_survey(products=(HairProduct.HAIR_LOSS_PRODUCT,))
    assert urgency(a_case({}, uses)) is None
    assert urgency(a_case({}, uses, AgeBand.TEENS)) is SOON
    for circumstance in (Circumstance.PREGNANT, Circumstance.NURSING):
        assert urgency(a_case({}, replace(uses, circumstances=(circumstance,)))) is PROMPT


def test_inflamed_after_a_procedure_is_sooner() -> None:
    survey = a_survey(circumstances=(Circumstance.RECENT_SCALP_PROCEDURE,))
    assert urgency(a_case({PUSTULES: MILD}, survey)) is PROMPT
    assert urgency(a_case({DANDRUFF: MILD}, survey)) is SOON


def test_the_most_urgent_flag_decides_and_all_reasons_are_told() -> None:
    survey = a_survey(symptoms=(Symptom.FEVER, Symptom.PUS), circumstances=(Circumstance.PREGNANT,))
    referral = make_plan(a_case({PUSTULES: SEVERE}, survey, AgeBand.TEENS)).referral
    assert referral is not None
    assert referral.urgency is URGENT
    assert len(referral.reasons) == len(set(referral.reasons)) == 5


def test_someone_who_is_referred_is_not_told_to_look_again_later() -> None:
    for grades in ({}, {PUSTULES: SEVERE}, dict.fromkeys(Condition, MILD)):
        plan = make_plan(a_case(grades, with_symptoms(Symptom.FEVER)), edition=NEWEST)
        later = {"RECHECK", "RECHECK_HAIR", "RECHECK_MONTH", "CONSULT_IF_PERSISTS"}
        assert not later & {action.code for action in plan.actions}
