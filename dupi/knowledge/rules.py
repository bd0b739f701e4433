"""Decides the plan of a case. Deterministic, pure, and the only place where care is decided.

What to advise, and when, is written in data files (see ``rulebook.py``); here is only how their
entries are applied: red flags first, then the shampoo, then the actions such that every elevated
condition has one and no two are in conflict, then the weekly routine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dupi.knowledge.plan import Case, Plan, PlanAction, Referral, RoutineStep
from dupi.knowledge.rulebook import LIVE, ActionKind, ActionRule, Rulebook, When, rulebook
from dupi.knowledge.vocabulary import Condition, Gender, ReferralUrgency, Severity, Symptom

IRRITATIONS = frozenset({Symptom.ITCHING, Symptom.BURNING})
DRY_AND_OILY = frozenset({Condition.FINE_SCALING, Condition.EXCESS_SEBUM})


def make_plan(case: Case, rules: Rulebook | None = None, *, edition: str = LIVE) -> Plan:
    """The plan for ``case`` by ``rules``, else by those of ``edition``: always the same one."""
    rules = rules or rulebook(edition)
    seen = _Facts.of(case)
    referral = _referral(seen, rules)
    no_products = bool(referral) or any(seen.meet(entry.when) for entry in rules.withheld)
    shampoo = None if no_products else _shampoo(case, rules)
    facts = _Facts.of(case, referral=bool(referral), no_products=no_products, shampoo=shampoo)
    actions = _actions(facts, rules)
    chosen = {rule.code for rule in actions} | facts.words["shampoo"]
    return Plan(
        actions=tuple(_plan_action(rule, facts, rules) for rule in actions),
        shampoo=_plan_action(shampoo, facts, rules) if shampoo else None,
        routine=_routine(case, facts, rules, chosen),
        referral=referral,
        edition=rules.version,
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
    def of(
        cls,
        case: Case,
        *,
        referral: bool = False,
        no_products: bool = False,
        shampoo: ActionRule | None = None,
    ) -> "_Facts":
        elevated = frozenset(elevated_conditions(case))
        abstained = abstained_conditions(case)
        flags = {
            "elevated": bool(elevated),
            "abstained": bool(abstained),
            "all_none": not elevated and not abstained,
            "custom_care": case.survey.wants_custom_care,
            "referral": referral,
            "no_products": no_products,
        }
        chosen = frozenset({shampoo.code} if shampoo else ())
        return cls(case.grades, {**_words(case), "shampoo": chosen}, flags, elevated)

    def meet(self, whens: Iterable[When]) -> bool:
        return any(self._meets(when) for when in whens)

    def shown(self, rule: ActionRule) -> frozenset[Condition]:
        """The conditions that ``rule`` is for and that are at its grade here."""
        reached = rule.reaches.items()
        return frozenset(c for c, least in reached if (self.grades.get(c) or 0) >= least)

    def _meets(self, when: When) -> bool:
        return (
            all(not self.words[name].isdisjoint(asked) for name, asked in when.words.items())
            and all(self.flags[name] == wanted for name, wanted in when.flags.items())
            and (not when.thresholds or self._reach(when.thresholds))
            and (not when.also or self._reach(when.also))
            and all(self._under(c, least) for c, least in when.below.items())
        )

    def _reach(self, thresholds: Mapping[Condition, Severity]) -> bool:
        return any((self.grades.get(c) or 0) >= least for c, least in thresholds.items())

    def _under(self, condition: Condition, least: Severity) -> bool:
        """What could not be graded may be anything, and so is under nothing."""
        grade = self.grades.get(condition)
        return grade is not None and grade < least


def _words(case: Case) -> dict[str, frozenset[str]]:
    survey = case.survey
    return {
        "shampoo_frequency": frozenset({str(survey.shampoo_frequency)}),
        "perm_frequency": frozenset({str(survey.perm_frequency)}),
        "dye_frequency": frozenset({str(survey.dye_frequency)}),
        "hair_state": frozenset({str(survey.hair_state)}),
        "priority": frozenset({str(survey.purchase_priority)}),
        "ages": frozenset({str(case.age_band)}),
        "genders": frozenset({str(case.gender or Gender.OTHER)}),
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


def _shampoo(case: Case, rules: Rulebook) -> ActionRule | None:
    """The worst condition decides, unless one comes first; hair loss only by itself; none where
    nothing was graded."""
    elevated = set(elevated_conditions(case))
    deciding = (elevated - {Condition.HAIR_LOSS}) or elevated
    if not deciding:
        return _default_shampoo(case, rules)
    for condition, least in rules.shampoo_first.items():
        if condition in deciding and (case.grades[condition] or 0) >= least:
            return rules.shampoos[rules.shampoo_for[condition]]
    worst = max(case.grades[c] or 0 for c in deciding)
    leading = [c for c in rules.shampoo_for if c in deciding and case.grades[c] == worst]
    if leading[0] in DRY_AND_OILY and set(leading) >= DRY_AND_OILY:
        return rules.shampoos[rules.shampoo_default["dry_and_oily"]]
    return rules.shampoos[rules.shampoo_for[leading[0]]]


def _default_shampoo(case: Case, rules: Rulebook) -> ActionRule | None:
    if len(abstained_conditions(case)) == len(Condition):
        return None
    irritated = bool(IRRITATIONS & set(case.survey.symptoms))
    return rules.shampoos[rules.shampoo_default["irritated" if irritated else "code"]]


def _actions(facts: _Facts, rules: Rulebook) -> list[ActionRule]:
    candidates = [rule for rule in rules.actions if facts.meet(rule.when)]
    if facts.flags["no_products"]:
        candidates = [rule for rule in candidates if rule.kind is not ActionKind.PRODUCT]
    kept = _without_conflicts({r.code for r in candidates} | facts.words["shampoo"], rules)
    return _choose([rule for rule in candidates if rule.code in kept], facts, rules.max_actions)


def _without_conflicts(codes: Iterable[str], rules: Rulebook) -> set[str]:
    """From top to bottom, so that what was left out leaves nothing else out."""
    kept = set(codes)
    for conflict in rules.conflicts:
        if kept & conflict.keep:
            kept -= conflict.drop
    return kept


def _choose(candidates: list[ActionRule], facts: _Facts, limit: int) -> list[ActionRule]:
    """About ``limit``, most important first, with one for each elevated condition."""
    needed = [rule for rule in candidates if rule.always]
    uncovered = facts.elevated.difference(*(facts.shown(r) for r in needed if r.covers))
    for rule in candidates:
        if rule.covers and not rule.always and uncovered & facts.shown(rule):
            uncovered -= facts.shown(rule)
            needed.append(rule)
    room = limit - sum(rule.counts for rule in needed)
    rest = [rule for rule in candidates if rule not in needed]
    chosen = needed + rest[: max(room, 0)]
    return [rule for rule in candidates if rule in chosen]


def _plan_action(rule: ActionRule, facts: _Facts, rules: Rulebook) -> PlanAction:
    shown = facts.shown(rule)
    conditions = tuple(c for c in Condition if c in shown)
    return PlanAction(rule.code, rule.text, rule.reason, rules.cited(rule), conditions)


def _routine(
    case: Case, facts: _Facts, rules: Rulebook, chosen: Iterable[str]
) -> tuple[RoutineStep, ...]:
    """Steps of the week; ``chosen``: codes of the plan's actions and shampoo."""
    codes = set(chosen)
    steps = [step for step in rules.steps if facts.meet(step.when)]
    kept = _without_conflicts({step.code for step in steps} | codes, rules)
    wash = _washes(case, rules, codes)
    return tuple(
        RoutineStep(
            action_code=step.action if step.action in codes else None,
            text=step.text,
            times_per_week=wash if step.times is None else step.times,
        )
        for step in steps
        if step.code in kept
    )


def _washes(case: Case, rules: Rulebook, codes: set[str]) -> int:
    """How often hair should be washed a week: as the plan says, else as the person does."""
    advised = [times for code, times in rules.wash_times.items() if code in codes]
    return advised[0] if advised else rules.wash_times[case.survey.shampoo_frequency]
