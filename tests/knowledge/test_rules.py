"""The rules over the whole space of cases, and the two mistakes they must never make again."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rulebook import EDITIONS, LIVE, NEWEST, ActionKind, Rulebook, Rung, rulebook
from dupi.knowledge.rules import abstained_conditions, elevated_conditions, make_plan
from dupi.knowledge.strength import strength_of
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
from tests.knowledge.cases import a_case, a_survey, cases, sampled_cases, with_all_grades

BOOK = rulebook(NEWEST)
BOOKS = [rulebook(edition) for edition in EDITIONS]
PERSONS = [a_case({}), *(replace(case, grades={}) for case in sampled_cases(seed=11, count=2))]
"""Each is tried with all 4⁶ combinations of grades."""
RAISED = (Severity.MILD, Severity.MODERATE, Severity.SEVERE)
LONGEST_ROUTINE = 5


def planned(case: Case) -> Plan:
    """By the newest edition."""
    return make_plan(case, BOOK)


def codes(case: Case) -> set[str]:
    return {action.code for action in planned(case).actions}


def all_codes(plan: Plan) -> set[str]:
    """Of actions, shampoo and steps."""
    book = rulebook(plan.edition)
    steps = {book.step(step.text).code for step in plan.routine}
    return {a.code for a in plan.actions} | steps | ({plan.shampoo.code} if plan.shampoo else set())


def assert_sound(case: Case, book: Rulebook) -> None:
    plan = make_plan(case, book)
    rules = [book.phrased(action.code) for action in plan.actions]
    caring = [a for a, rule in zip(plan.actions, rules, strict=True) if rule.covers]
    assert set(elevated_conditions(case)) <= {c for a in caring for c in a.conditions}
    assert len(plan.actions) >= 1
    counted = [rule for rule in rules if rule.counts and rule.code != "RETAKE_PHOTO"]
    assert len(counted) <= book.max_actions or all(r.always or r.covers for r in counted)
    assert 1 <= len(plan.routine) <= LONGEST_ROUTINE
    said = all_codes(plan)
    assert not [c for c in book.conflicts if c.keep & said and c.drop & said]
    assert_referral_is_alone(case, plan, book)


def assert_referral_is_alone(case: Case, plan: Plan, book: Rulebook) -> None:
    """Beside a referral no product; without one a shampoo wherever anything was graded, but for
    those from whom products are withheld (``test_safety.py``)."""
    if plan.referral is None:
        unseen = len(abstained_conditions(case))
        assert plan.shampoo is None or unseen < len(Condition)
        assert plan.shampoo or unseen == len(Condition) or (book.withheld and unseen)
        return
    assert plan.shampoo is None
    assert plan.referral.reasons
    kinds = {book.phrased(action.code).kind for action in plan.actions}
    assert not kinds & {ActionKind.PRODUCT, ActionKind.SHAMPOO}
    assert not any(step.action_code in book.shampoos for step in plan.routine)
    if book is BOOK:
        assert "NO_NEW_PRODUCTS" in {action.code for action in plan.actions}


@settings(max_examples=400, deadline=None)
@given(cases(), st.sampled_from(BOOKS))
def test_a_plan_is_sound_for_anyone(case: Case, book: Rulebook) -> None:
    assert_sound(case, book)
    assert make_plan(case, book) == make_plan(case, book)


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
@pytest.mark.parametrize("person", PERSONS, ids=range(len(PERSONS)))
def test_a_plan_is_sound_at_all_grades(person: Case, book: Rulebook) -> None:
    for case in with_all_grades(person):
        assert_sound(case, book)


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
def test_a_plan_is_sound_where_photos_could_not_be_graded(book: Rulebook) -> None:
    for case in sampled_cases(seed=5, count=1000):
        grades = {c: None if i % 2 else case.grades[c] for i, c in enumerate(Condition)}
        assert_sound(replace(case, grades=grades), book)


def test_a_plan_tells_its_edition() -> None:
    assert make_plan(a_case({})).edition == LIVE
    for edition in EDITIONS:
        assert make_plan(a_case({}), edition=edition).edition == edition


def test_an_action_is_shown_with_the_conditions_at_its_grade() -> None:
    grades = {Condition.DANDRUFF: Severity.MODERATE, Condition.FINE_SCALING: Severity.MILD}
    actions = {a.code: a.conditions for a in planned(a_case(grades)).actions}
    assert actions["NO_PICKING"] == (Condition.DANDRUFF,)
    assert actions["LUKEWARM_WATER"] == (Condition.FINE_SCALING,)


def test_every_action_gives_a_reason_and_a_source_to_look_up() -> None:
    for case in sampled_cases(seed=7, count=300):
        plan = planned(case)
        for action in (*plan.actions, *([plan.shampoo] if plan.shampoo else [])):
            assert action.reason
            assert action.source
            assert "https://" in action.source


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
@pytest.mark.parametrize("grade", RAISED)
@pytest.mark.parametrize(
    ("condition", "shampoo"),
    [
        (Condition.FINE_SCALING, "SHAMPOO_MOISTURISING"),
        (Condition.EXCESS_SEBUM, "SHAMPOO_OILY"),
    ],
)
def test_shampoo_suits_the_condition_at_every_grade(
    condition: Condition, shampoo: str, grade: Severity, book: Rulebook
) -> None:
    """Lesson of an earlier project: swapped shampoos, and rules that tested ``== 1`` only."""
    plan = make_plan(a_case({condition: grade}), book)
    assert plan.shampoo is not None
    assert plan.shampoo.code == shampoo
    assert any(condition in action.conditions for action in plan.actions)


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
def test_shampoo_suits_a_condition_at_the_worst_grade_and_never_its_opposite(
    book: Rulebook,
) -> None:
    for case in with_all_grades(a_case({})):
        shampoo = make_plan(case, book).shampoo
        deciding = {c: g for c, g in case.grades.items() if g and c is not Condition.HAIR_LOSS}
        if not shampoo or not deciding:
            continue
        worst = {c for c, grade in deciding.items() if grade == max(deciding.values())}
        first = {c for c, least in book.shampoo_first.items() if (case.grades[c] or 0) >= least}
        assert {*worst, *first} & set(book.shampoos[shampoo.code].conditions)
        if shampoo.code == "SHAMPOO_OILY":
            assert Condition.FINE_SCALING not in worst
        if shampoo.code == "SHAMPOO_MOISTURISING":
            assert Condition.EXCESS_SEBUM not in worst


def test_hair_loss_takes_no_shampoo_from_what_one_can_help() -> None:
    grades = {Condition.HAIR_LOSS: Severity.MODERATE, Condition.DANDRUFF: Severity.MILD}
    shampoo = planned(a_case(grades)).shampoo
    assert shampoo is not None
    assert shampoo.code == "SHAMPOO_DANDRUFF"


@pytest.mark.parametrize("condition", Condition)
def test_from_moderate_a_doctor_is_spoken_of(condition: Condition) -> None:
    for grade in (Severity.MODERATE, Severity.SEVERE):
        plan = planned(a_case({condition: grade}))
        assert strength_of(plan).rung >= Rung.DOCTOR_AFTER_A_MONTH


def test_one_follow_up_is_told_and_it_is_always_told() -> None:
    for case in with_all_grades(a_case({})):
        plan = planned(case)
        told = [a for a in plan.actions if BOOK.phrased(a.code).rung > Rung.CARE]
        assert len(told) == (0 if plan.referral else 1)


def test_abstaining_asks_for_a_better_photo() -> None:
    nothing = a_case(dict.fromkeys(Condition, None))
    assert codes(nothing) == {"RETAKE_PHOTO", "DRY_WELL"}
    assert planned(nothing).shampoo is None
    partly = a_case({Condition.HAIR_LOSS: None, Condition.DANDRUFF: Severity.MILD})
    assert {"RETAKE_PHOTO", "SCALP_FOCUS_WASH"} <= codes(partly)


def test_what_could_not_be_graded_is_never_called_clear() -> None:
    for case in sampled_cases(seed=9, count=500):
        if abstained_conditions(case):
            assert "RETAKE_PHOTO" in codes(case)
            assert not codes(case) & {"KEEP_HABITS", "RECHECK_MONTH"}
    dry = {Condition.FINE_SCALING: Severity.MODERATE}
    assert "WASH_LESS_OFTEN" in codes(a_case(dry))
    assert "WASH_LESS_OFTEN" not in codes(a_case({**dry, Condition.EXCESS_SEBUM: None}))


def test_all_none_keeps_what_works() -> None:
    assert codes(a_case({})) == {"KEEP_HABITS", "DRY_WELL", "RECHECK_MONTH"}


def test_an_itching_scalp_is_not_called_comfortable() -> None:
    itching = a_survey(symptoms=(Symptom.ITCHING,))
    assert "KEEP_HABITS" not in codes(a_case({}, survey=itching))


NEVER, SELDOM = TreatmentFrequency.NEVER, TreatmentFrequency.ONE_TO_THREE_A_YEAR
OFTEN = TreatmentFrequency.SEVEN_OR_MORE_A_YEAR
MILD, MODERATE, SEVERE = RAISED
HABITS = [
    ({}, {"dye_frequency": OFTEN}, "DYE_PAUSE"),
    ({}, {"perm_frequency": OFTEN}, "PERM_PAUSE"),
    ({}, {"dye_frequency": SELDOM}, "PATCH_TEST"),
    ({Condition.INTERFOLLICULAR_ERYTHEMA: MODERATE}, {"dye_frequency": SELDOM}, "DYE_STOP"),
    ({Condition.FOLLICULAR_PUSTULES: MILD}, {"perm_frequency": SELDOM}, "PERM_STOP"),
    ({}, {"shampoo_frequency": ShampooFrequency.TWICE_A_DAY}, "WASH_ONCE_A_DAY"),
    (
        {Condition.DANDRUFF: MILD},
        {"shampoo_frequency": ShampooFrequency.ONCE_OR_TWICE_A_WEEK},
        "WASH_MORE_OFTEN",
    ),
    (
        {Condition.EXCESS_SEBUM: MODERATE},
        {"shampoo_frequency": ShampooFrequency.EVERY_OTHER_DAY},
        "WASH_DAILY",
    ),
    ({}, {"hair_state": HairState.WIG_OR_EXTENSIONS}, "WIG_BREAK"),
    ({}, {"hair_state": HairState.HAIR_LOSS}, "FELT_THINNING"),
    (
        {Condition.EXCESS_SEBUM: MILD},
        {"products": (HairProduct.STYLING_PRODUCT,)},
        "STYLING_AWAY",
    ),
    (
        {Condition.EXCESS_SEBUM: SEVERE},
        {"products": (HairProduct.STYLING_PRODUCT,)},
        "STYLING_STOP",
    ),
    ({Condition.FINE_SCALING: MILD}, {"products": (HairProduct.SCALP_SCALER,)}, "SCALER_PAUSE"),
    (
        {Condition.INTERFOLLICULAR_ERYTHEMA: MILD},
        {"purchase_priority": PurchasePriority.SCENT},
        "SCENT_LESS",
    ),
]


@pytest.mark.parametrize(("grades", "answers", "code"), HABITS, ids=[h[2] for h in HABITS])
def test_habits_are_seen(
    grades: dict[Condition, Severity], answers: dict[str, object], code: str
) -> None:
    assert code in codes(a_case(grades, a_survey(**answers)))
    assert code not in codes(a_case(grades))


def test_age_sex_and_site_are_seen() -> None:
    thin = {Condition.HAIR_LOSS: MILD}
    assert "PARTING_PHOTO" in codes(a_case(thin, gender=Gender.FEMALE))
    assert "HAIRLINE_PHOTO" in codes(a_case(thin, gender=Gender.MALE))
    assert not codes(a_case(thin, gender=None)) & {"PARTING_PHOTO", "HAIRLINE_PHOTO"}
    red = {Condition.INTERFOLLICULAR_ERYTHEMA: MILD}
    assert "SUN_COVER" in codes(a_case(red, sites=(ScalpSite.CROWN,)))
    assert "SUN_COVER" not in codes(a_case(red))
    assert "SOFT_FINGERTIPS" in codes(a_case({}, age=AgeBand.SIXTIES_AND_OVER))


@pytest.mark.parametrize(
    ("grades", "often", "times"),
    [
        ({}, ShampooFrequency.ONCE_OR_TWICE_A_WEEK, 2),
        ({Condition.DANDRUFF: MILD}, ShampooFrequency.ONCE_OR_TWICE_A_WEEK, 4),
        ({Condition.EXCESS_SEBUM: MODERATE}, ShampooFrequency.EVERY_OTHER_DAY, 7),
        ({Condition.FINE_SCALING: MODERATE}, ShampooFrequency.ONCE_A_DAY, 4),
        ({}, ShampooFrequency.TWICE_A_DAY, 7),
    ],
)
def test_the_week_has_as_many_washes_as_the_plan_asks_for(
    grades: dict[Condition, Severity], often: ShampooFrequency, times: int
) -> None:
    plan = planned(a_case(grades, a_survey(shampoo_frequency=often)))
    washes = {BOOK.step(step.text).code: step.times_per_week for step in plan.routine}
    assert (washes["STEP_WASH"], washes["STEP_DRY"]) == (times, times)
    assert washes.get("STEP_DANDRUFF_SHAMPOO", 0) <= times


def test_after_a_procedure_the_clinic_decides_how_to_wash() -> None:
    survey = a_survey(circumstances=(Circumstance.RECENT_SCALP_PROCEDURE,))
    for case in with_all_grades(a_case({}, survey)):
        said = all_codes(planned(case))
        assert {"CLINIC_WASH", "STEP_CLINIC"} <= said
        assert not said & {"STEP_WASH", "STEP_DRY", "SCALP_FOCUS_WASH", "RINSE_WELL", "DRY_WELL"}
