"""The rules over the whole space of cases, and the two mistakes they must never make again."""

import tomllib
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dupi.knowledge.plan import Case
from dupi.knowledge.rulebook import RULES_FILE, ActionKind, parse_rules, rulebook
from dupi.knowledge.rules import elevated_conditions, make_plan
from dupi.knowledge.vocabulary import (
    AgeBand,
    Circumstance,
    Condition,
    ReferralUrgency,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)
from tests.knowledge.cases import a_case, a_survey, cases

GRADED = st.sampled_from([Severity.MILD, Severity.MODERATE, Severity.SEVERE])
CONTRADICTIONS = [
    {"WASH_ONCE_A_DAY", "WASH_MORE_OFTEN"},
    {"COOL_AIR", "DRY_WELL"},
    {"KEEP_HABITS", "WASH_ONCE_A_DAY"},
    {"KEEP_HABITS", "PERM_PAUSE"},
    {"KEEP_HABITS", "DYE_PAUSE"},
    {"KEEP_HABITS", "HANDS_OFF"},
    {"RECHECK", "RECHECK_MONTH"},
]


def codes(case: Case) -> set[str]:
    return {action.code for action in make_plan(case).actions}


@settings(max_examples=600, deadline=None)
@given(cases())
def test_plan_is_sound(case: Case) -> None:
    plan = make_plan(case)
    covered = {condition for action in plan.actions for condition in action.conditions}
    assert set(elevated_conditions(case)) <= covered
    assert 1 <= len(plan.actions) <= rulebook().max_actions
    assert len(plan.routine) <= 4
    assert not any(pair <= codes(case) for pair in CONTRADICTIONS)
    assert make_plan(case) == plan


@settings(max_examples=400, deadline=None)
@given(cases())
def test_referral_leaves_no_product(case: Case) -> None:
    plan = make_plan(case)
    if plan.referral is None:
        assert (plan.shampoo is None) == all(grade is None for grade in case.grades.values())
        return
    assert plan.shampoo is None
    assert plan.referral.reasons
    kinds = {rulebook().phrased(action.code).kind for action in plan.actions}
    assert ActionKind.PRODUCT not in kinds
    assert ActionKind.SHAMPOO not in kinds


def test_every_combination_of_grades_is_covered() -> None:
    for grades in product(Severity, repeat=6):
        case = a_case(dict(zip(Condition, grades, strict=True)))
        plan = make_plan(case)
        covered = {condition for action in plan.actions for condition in action.conditions}
        assert set(elevated_conditions(case)) <= covered
        assert len(plan.actions) <= rulebook().max_actions


def test_someone_who_is_referred_is_not_told_to_look_again_later() -> None:
    feverish = a_survey(symptoms=(Symptom.FEVER,))
    for grades in ({}, {Condition.FOLLICULAR_PUSTULES: Severity.SEVERE}):
        case = a_case(grades, survey=feverish)
        assert make_plan(case).referral is not None
        assert not codes(case) & {"RECHECK", "RECHECK_MONTH"}


def test_a_severe_grade_is_never_left_without_a_doctor() -> None:
    for grades in product(Severity, repeat=6):
        if Severity.SEVERE in grades:
            case = a_case(dict(zip(Condition, grades, strict=True)))
            assert make_plan(case).referral or "CONSULT_IF_PERSISTS" in codes(case)


def test_no_plan_grows_too_long_where_photos_could_not_be_graded() -> None:
    for grades in product((None, Severity.NONE, Severity.MILD, Severity.SEVERE), repeat=6):
        case = a_case(dict(zip(Condition, grades, strict=True)))
        plan = make_plan(case)
        covered = {condition for action in plan.actions for condition in action.conditions}
        assert set(elevated_conditions(case)) <= covered
        assert len(plan.actions) <= rulebook().max_actions


def test_an_itching_scalp_is_not_called_comfortable() -> None:
    itching = a_survey(symptoms=(Symptom.ITCHING,))
    assert "KEEP_HABITS" not in codes(a_case({}, survey=itching))


@pytest.mark.parametrize("grade", [Severity.MILD, Severity.MODERATE, Severity.SEVERE])
@pytest.mark.parametrize(
    ("condition", "shampoo"),
    [
        (Condition.FINE_SCALING, "SHAMPOO_MOISTURISING"),
        (Condition.EXCESS_SEBUM, "SHAMPOO_OILY"),
    ],
)
def test_shampoo_suits_the_condition_at_every_grade(
    condition: Condition, shampoo: str, grade: Severity
) -> None:
    """Lesson of an earlier project: swapped shampoos, and rules that tested ``== 1`` only."""
    plan = make_plan(a_case({condition: grade}))
    assert plan.shampoo is not None
    assert plan.shampoo.code == shampoo
    assert any(condition in action.conditions for action in plan.actions)


@pytest.mark.parametrize(
    ("symptom", "urgency"),
    [
        (Symptom.PAIN, ReferralUrgency.PROMPT),
        (Symptom.PUS, ReferralUrgency.PROMPT),
        (Symptom.FEVER, ReferralUrgency.URGENT),
        (Symptom.BLEEDING, ReferralUrgency.PROMPT),
        (Symptom.SUDDEN_SHEDDING, ReferralUrgency.PROMPT),
        (Symptom.PATCHY_LOSS, ReferralUrgency.PROMPT),
    ],
)
def test_red_flag_symptoms_refer(symptom: Symptom, urgency: ReferralUrgency) -> None:
    referral = make_plan(a_case({}, a_survey(symptoms=(symptom,)))).referral
    assert referral is not None
    assert referral.urgency is urgency


@pytest.mark.parametrize("symptom", [Symptom.ITCHING, Symptom.BURNING])
def test_itching_and_burning_alone_do_not_refer(symptom: Symptom) -> None:
    assert make_plan(a_case({}, a_survey(symptoms=(symptom,)))).referral is None


@pytest.mark.parametrize(
    ("condition", "first"),
    [
        (Condition.FOLLICULAR_PUSTULES, Severity.MODERATE),
        (Condition.INTERFOLLICULAR_ERYTHEMA, Severity.SEVERE),
        (Condition.HAIR_LOSS, Severity.SEVERE),
    ],
)
def test_grades_that_refer(condition: Condition, first: Severity) -> None:
    for grade in Severity:
        referred = make_plan(a_case({condition: grade})).referral is not None
        assert referred == (grade >= first)


@given(GRADED, st.sampled_from(Condition))
@settings(max_examples=40, deadline=None)
def test_minors_and_circumstances_with_a_finding_refer(
    grade: Severity, condition: Condition
) -> None:
    grades = {condition: grade}
    assert make_plan(a_case(grades, age=AgeBand.TEENS)).referral
    for circumstance in Circumstance:
        survey = a_survey(circumstances=(circumstance,))
        assert make_plan(a_case(grades, survey)).referral


def test_circumstances_without_a_finding() -> None:
    def refers(circumstance: Circumstance) -> bool:
        survey = a_survey(circumstances=(circumstance,))
        return make_plan(a_case({}, survey)).referral is not None

    assert not refers(Circumstance.PREGNANT)
    assert not refers(Circumstance.NURSING)
    assert refers(Circumstance.UNDER_SCALP_TREATMENT)
    assert refers(Circumstance.RECENT_SCALP_PROCEDURE)
    assert make_plan(a_case({}, age=AgeBand.TEENS)).referral is None


def test_abstaining_asks_for_a_better_photo() -> None:
    nothing = a_case(dict.fromkeys(Condition, None))
    assert codes(nothing) == {"RETAKE_PHOTO", "DRY_WELL"}
    assert make_plan(nothing).shampoo is None
    partly = a_case({Condition.HAIR_LOSS: None, Condition.DANDRUFF: Severity.MILD})
    assert {"RETAKE_PHOTO", "SCALP_FOCUS_WASH"} <= codes(partly)


def test_all_none_keeps_what_works() -> None:
    assert codes(a_case({})) == {"KEEP_HABITS", "DRY_WELL", "RECHECK_MONTH"}


def test_habits_are_seen() -> None:
    grades = {Condition.DANDRUFF: Severity.MILD}
    rare = a_survey(shampoo_frequency=ShampooFrequency.ONCE_OR_TWICE_A_WEEK)
    assert "WASH_MORE_OFTEN" in codes(a_case(grades, rare))
    dyed = a_survey(dye_frequency=TreatmentFrequency.SEVEN_OR_MORE_A_YEAR)
    assert "DYE_PAUSE" in codes(a_case({}, dyed))


def test_a_wrong_word_in_the_rules_is_named() -> None:
    text = RULES_FILE.read_text("utf-8")
    for wrong in (text.replace('["PUS"]', '["PUSS"]'), text.replace("elevated =", "raised =")):
        with pytest.raises(ValueError, match=r"PUSS|raised"):
            parse_rules(tomllib.loads(wrong))
