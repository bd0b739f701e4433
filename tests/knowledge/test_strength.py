"""A higher grade never gives a weaker plan, by the order that ``strength.py`` declares."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dupi.knowledge.plan import Case
from dupi.knowledge.rulebook import EDITIONS, NEWEST, Rulebook, Rung, rulebook
from dupi.knowledge.rules import make_plan
from dupi.knowledge.strength import Strength, strength_of
from dupi.knowledge.vocabulary import Condition, Severity, Symptom
from tests.knowledge.cases import a_case, a_survey, cases, sampled_cases, with_all_grades

PERSONS = [a_case({}), *(replace(case, grades={}) for case in sampled_cases(seed=23, count=2))]
BOOK = rulebook(NEWEST)
BOOKS = [rulebook(edition) for edition in EDITIONS]


def raised(case: Case, condition: Condition) -> Case:
    """``case`` with the condition one grade higher."""
    grade = case.grades[condition]
    assert grade is not None
    return replace(case, grades={**case.grades, condition: Severity(grade + 1)})


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
@pytest.mark.parametrize("person", PERSONS, ids=range(len(PERSONS)))
def test_no_higher_grade_weakens_the_plan(person: Case, book: Rulebook) -> None:
    """All 4⁶ combinations, each with each of its conditions raised."""
    strength = {key(case): strength_of(make_plan(case, book)) for case in with_all_grades(person)}
    for grades, lighter in strength.items():
        for i, grade in enumerate(grades):
            if grade != Severity.SEVERE:
                worse = (*grades[:i], Severity(grade + 1), *grades[i + 1 :])
                assert strength[worse] >= lighter, (grades, worse)


@settings(max_examples=500, deadline=None)
@given(cases(), st.sampled_from(Condition), st.sampled_from(BOOKS))
def test_no_higher_grade_weakens_anyones_plan(
    case: Case, condition: Condition, book: Rulebook
) -> None:
    if case.grades[condition] not in (None, Severity.SEVERE):
        worse = make_plan(raised(case, condition), book)
        assert strength_of(worse) >= strength_of(make_plan(case, book))


def key(case: Case) -> tuple[Severity, ...]:
    return tuple(grade for grade in case.grades.values() if grade is not None)


@pytest.mark.parametrize("condition", Condition)
def test_what_is_asked_for_at_a_grade_stays_or_gives_way_to_more(condition: Condition) -> None:
    """Of one finding by itself: an action is gone only for a declared conflict, or a referral."""
    for person in sampled_cases(seed=3, count=150):
        for grade in (Severity.MILD, Severity.MODERATE):
            lower = replace(person, grades={**a_case({}).grades, condition: grade})
            before = make_plan(lower, BOOK)
            after = make_plan(raised(lower, condition), BOOK)
            if before.referral or after.referral:
                continue
            kept = {action.code for action in after.actions}
            full = len(after.actions) >= BOOK.max_actions
            for gone in {action.code for action in before.actions} - kept:
                assert full or replaced(gone, kept), (condition, grade, gone)


def replaced(gone: str, kept: set[str]) -> bool:
    shampoos = set(BOOK.shampoos)
    return any(gone in c.drop and c.keep & (kept | shampoos) for c in BOOK.conflicts)


def test_the_order_of_plans() -> None:
    """From the lightest to the strongest, one of each rung."""
    ladder = [
        a_case(dict.fromkeys(Condition, None)),
        a_case({}),
        a_case({Condition.DANDRUFF: Severity.MILD}),
        a_case({Condition.DANDRUFF: Severity.MODERATE}),
        a_case({Condition.DANDRUFF: Severity.SEVERE}),
        a_case({Condition.HAIR_LOSS: Severity.MODERATE}),
        a_case({Condition.HAIR_LOSS: Severity.SEVERE}),
        a_case({Condition.FOLLICULAR_PUSTULES: Severity.MODERATE}),
        a_case({}, a_survey(symptoms=(Symptom.FEVER,))),
    ]
    strengths = [strength_of(make_plan(case, BOOK)) for case in ladder]
    assert strengths == sorted(strengths)
    assert [strength.rung for strength in strengths] == list(Rung)


def test_a_referral_stands_above_everything_else() -> None:
    most = Strength(Rung.DOCTOR_ADVISED, reasons=0, cared_for=6, actions=6)
    least = Strength(Rung.REFERRAL_SOON, reasons=1, cared_for=0, actions=1)
    assert least > most
