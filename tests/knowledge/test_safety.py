"""What a plan must never leave out, and what it must never hold beside something else."""

from dataclasses import replace

from hypothesis import given, settings

from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rulebook import EDITIONS, NEWEST, ActionKind, rulebook
from dupi.knowledge.rules import abstained_conditions, make_plan
from dupi.knowledge.vocabulary import AgeBand, Circumstance, Condition, Severity
from tests.knowledge.cases import a_case, a_survey, cases, sampled_cases

BOOK = rulebook(NEWEST)
WIDE = replace(BOOK, max_actions=len(BOOK.actions))
"""The same rules with room for everything that applies."""
STOPS = {"CLINIC_GUIDE", "CLINIC_WASH", "NO_NEW_PRODUCTS", "DYE_STOP", "PERM_STOP", "SCALER_PAUSE"}
MOST_ACTIONS = 8
EXPECTING = {Circumstance.PREGNANT, Circumstance.NURSING}
ERYTHEMA = Condition.INTERFOLLICULAR_ERYTHEMA
BEGINS_SOMETHING = {"CUSTOM_CARE", "SHAMPOO_STAY", *BOOK.shampoos} - {"SHAMPOO_LOW_IRRITATION"}


def said(plan: Plan) -> set[str]:
    return {a.code for a in plan.actions} | ({plan.shampoo.code} if plan.shampoo else set())


@settings(max_examples=600, deadline=None)
@given(cases())
def test_what_must_stop_is_never_cut(case: Case) -> None:
    plan = make_plan(case, BOOK)
    assert said(make_plan(case, WIDE)) & STOPS == said(plan) & STOPS
    assert len(plan.actions) <= MOST_ACTIONS


def test_what_must_stop_is_never_cut_from_a_crowded_plan() -> None:
    for case in sampled_cases(seed=21, count=4000):
        assert said(make_plan(case, WIDE)) & STOPS == said(make_plan(case, BOOK)) & STOPS


@settings(max_examples=600, deadline=None)
@given(cases())
def test_no_product_for_who_must_be_careful_where_something_was_not_seen(case: Case) -> None:
    careful = case.age_band is AgeBand.TEENS or EXPECTING & set(case.survey.circumstances)
    if careful and abstained_conditions(case):
        plan = make_plan(case, BOOK)
        kinds = {BOOK.phrased(code).kind for code in said(plan)}
        assert not kinds & {ActionKind.SHAMPOO, ActionKind.PRODUCT}
        assert not any(step.action_code in BOOK.shampoos for step in plan.routine)


def test_a_teen_whose_photo_is_dim_is_asked_for_another_and_for_nothing_to_buy() -> None:
    dim = {Condition.DANDRUFF: None}
    assert "RETAKE_PHOTO" in said(make_plan(a_case(dim, age=AgeBand.TEENS), BOOK))
    assert make_plan(a_case(dim, age=AgeBand.TEENS), BOOK).shampoo is None
    assert make_plan(a_case(dim), BOOK).shampoo
    assert make_plan(a_case({}, age=AgeBand.TEENS), BOOK).shampoo
    nursing = a_survey(circumstances=(Circumstance.NURSING,))
    assert make_plan(a_case(dim, nursing), BOOK).shampoo is None


@settings(max_examples=600, deadline=None)
@given(cases())
def test_a_clearly_red_scalp_gets_a_mild_shampoo_or_none(case: Case) -> None:
    red = replace(case, grades={**case.grades, ERYTHEMA: Severity.MODERATE})
    shampoo = make_plan(red, BOOK).shampoo
    assert shampoo is None or shampoo.code == "SHAMPOO_LOW_IRRITATION"


@settings(max_examples=600, deadline=None)
@given(cases())
def test_who_is_told_to_pause_new_products_is_told_to_begin_none(case: Case) -> None:
    planned = said(make_plan(case, WIDE))
    if "NEW_PRODUCT_PAUSE" in planned:
        assert not planned & BEGINS_SOMETHING
        assert "SHAMPOO_LOW_IRRITATION" in planned


def test_a_pause_of_new_products_is_advised_to_someone() -> None:
    assert "NEW_PRODUCT_PAUSE" in said(make_plan(a_case({ERYTHEMA: Severity.MODERATE}), BOOK))


def test_the_first_edition_is_what_its_advisor_learnt() -> None:
    """Its plans change only together with weights: nothing of the above is in it."""
    first = rulebook(EDITIONS[0])
    assert not first.shampoo_first
    assert not first.withheld
