"""Decides the plan of a case. Deterministic, pure, and the only place where care is decided.

What to advise, and when, is written in ``rules.toml``; here is only how those entries are applied:
red flags first, then the shampoo, then at most ``max_actions`` actions such that every elevated
condition has one, then the weekly routine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dupi.knowledge.plan import Case, Plan, PlanAction, Referral, RoutineStep
from dupi.knowledge.rulebook import ActionKind, ActionRule, Rulebook, When, rulebook
from dupi.knowledge.vocabulary import Condition, ReferralUrgency, Severity, Symptom

IRRITATIONS = frozenset({Symptom.ITCHING, Symptom.BURNING})


def make_plan(case: Case, rules: Rulebook | None = None) -> Plan:
    """The plan for ``case``: the same case always gets the same plan."""
    rules = rules or rulebook()
    facts = _Facts.of(case)
    referral = _referral(facts, rules)
    facts = _Facts.of(case, referral=referral is not None)
    shampoo = None if referral else _shampoo(case, facts, rules)
    actions = _actions(facts, rules)
    codes = {rule.code for rule in actions}
    return Plan(
        actions=tuple(_plan_action(rule, case) for rule in actions),
        shampoo=_plan_action(shampoo, case) if shampoo else None,
        routine=_routine(case, facts, rules, codes),
        referral=referral,
    )


def elevated_conditions(case: Case) -> tuple[Condition, ...]:
    """Conditions graded mild or worse, in the order of ``Condition``."""
    return tuple(c for c in Condition if (case.grades.get(c) or 0) >= Severity.MILD)


def abstained_conditions(case: Case) -> tuple[Condition, ...]:
    """Conditions that could not be graded."""
    return tuple(c for c in Condition if case.grades.get(c) is None)


@dataclass(frozen=True, slots=True)
class _Facts:
    """A case in the words of ``rules.toml``."""

    grades: Mapping[Condition, Severity | None]
    words: Mapping[str, frozenset[str]]
    flags: Mapping[str, bool]
    elevated: frozenset[Condition]

    @classmethod
    def of(cls, case: Case, *, referral: bool = False) -> "_Facts":
        elevated = frozenset(elevated_conditions(case))
        abstained = abstained_conditions(case)
        flags = {
            "elevated": bool(elevated),
            "abstained": bool(abstained),
            "all_none": not elevated and not abstained,
            "custom_care": case.survey.wants_custom_care,
            "referral": referral,
        }
        return cls(case.grades, _words(case), flags, elevated)

    def meet(self, whens: Iterable[When]) -> bool:
        return any(self._meets(when) for when in whens)

    def _meets(self, when: When) -> bool:
        return (
            all(self.flags[name] == wanted for name, wanted in when.flags.items())
            and all(self.words[name] & wanted for name, wanted in when.words.items())
            and (
                not when.thresholds
                or any((self.grades.get(c) or 0) >= least for c, least in when.thresholds.items())
            )
        )


def _words(case: Case) -> dict[str, frozenset[str]]:
    survey = case.survey
    return {
        "shampoo_frequency": frozenset({str(survey.shampoo_frequency)}),
        "perm_frequency": frozenset({str(survey.perm_frequency)}),
        "dye_frequency": frozenset({str(survey.dye_frequency)}),
        "hair_state": frozenset({str(survey.hair_state)}),
        "priority": frozenset({str(survey.purchase_priority)}),
        "ages": frozenset({str(case.age_band)}),
        "sites": frozenset(map(str, case.sites)),
        "products": frozenset(map(str, survey.products)),
        "symptoms": frozenset(map(str, survey.symptoms)),
        "circumstances": frozenset(map(str, survey.circumstances)),
    }


def _referral(facts: _Facts, rules: Rulebook) -> Referral | None:
    raised = [flag for flag in rules.red_flags if facts.meet(flag.when)]
    if not raised:
        return None
    order = tuple(ReferralUrgency)
    urgency = max((flag.urgency for flag in raised), key=order.index)
    return Referral(urgency, rules.referral_texts[urgency], tuple(flag.reason for flag in raised))


def _shampoo(case: Case, facts: _Facts, rules: Rulebook) -> ActionRule | None:
    """The worst condition decides; none where nothing could be graded."""
    if not facts.elevated:
        return _default_shampoo(case, rules)
    worst = max(case.grades[c] or 0 for c in facts.elevated)
    leading = [c for c in rules.shampoo_for if (case.grades.get(c) or 0) == worst]
    dry_and_oily = {Condition.FINE_SCALING, Condition.EXCESS_SEBUM}
    if leading[0] in dry_and_oily and dry_and_oily <= set(leading):
        return rules.shampoos[rules.shampoo_default["dry_and_oily"]]
    return rules.shampoos[rules.shampoo_for[leading[0]]]


def _default_shampoo(case: Case, rules: Rulebook) -> ActionRule | None:
    if len(abstained_conditions(case)) == len(Condition):
        return None
    irritated = bool(IRRITATIONS & set(case.survey.symptoms))
    return rules.shampoos[rules.shampoo_default["irritated" if irritated else "code"]]


def _actions(facts: _Facts, rules: Rulebook) -> list[ActionRule]:
    candidates = [rule for rule in rules.actions if facts.meet(rule.when)]
    if facts.flags["referral"]:
        candidates = [rule for rule in candidates if rule.kind is not ActionKind.PRODUCT]
    codes = {rule.code for rule in candidates}
    candidates = [rule for rule in candidates if not codes & set(rule.yields_to)]
    return _choose(candidates, facts.elevated, rules.max_actions)


def _choose(
    candidates: list[ActionRule], elevated: frozenset[Condition], limit: int
) -> list[ActionRule]:
    """At most ``limit``, most important first, with one for each elevated condition."""
    needed = [rule for rule in candidates if rule.always]
    uncovered = set(elevated)
    for rule in candidates:
        if rule.covers and uncovered & set(rule.conditions):
            uncovered -= set(rule.conditions)
            needed.append(rule)
    if len(needed) > limit:  # what must be said stands for the conditions that it names
        said = {condition for rule in needed if rule.always for condition in rule.conditions}
        needed = [r for r in needed if r.always or elevated & set(r.conditions) - said]
    rest = [rule for rule in candidates if rule not in needed]
    chosen = {rule.code for rule in (needed + rest)[: max(limit, len(needed))]}
    return [rule for rule in candidates if rule.code in chosen]


def _plan_action(rule: ActionRule, case: Case) -> PlanAction:
    """For the conditions of the rule that this case shows."""
    elevated = elevated_conditions(case)
    conditions = tuple(c for c in rule.conditions if c in elevated)
    return PlanAction(rule.code, rule.text, rule.reason, rule.source, conditions)


def _routine(
    case: Case, facts: _Facts, rules: Rulebook, codes: set[str]
) -> tuple[RoutineStep, ...]:
    wash = rules.wash_times[case.survey.shampoo_frequency]
    if "WASH_MORE_OFTEN" in codes:
        wash = rules.wash_times["more_often"]
    return tuple(
        RoutineStep(
            action_code=step.action if step.action in codes else None,
            text=step.text,
            times_per_week=wash if step.times is None else step.times,
        )
        for step in rules.steps
        if facts.meet(step.when)
    )
