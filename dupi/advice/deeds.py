"""What a sentence of advice asks for, held against the plan.

All looks at plain text (:func:`dupi.advice.text.plain`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dupi.advice import banned
from dupi.advice.doctors import sends, speaks_of_doctors
from dupi.advice.saying import sayings, verb_stems, verbs_of
from dupi.advice.turned import CONTRAST
from dupi.advice.words import ASKS, names, unknown_deeds, unknown_things
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rulebook import ActionKind, ActionRule, Phrased, rulebook
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity

_OURS: Final = 0.8
"""From this share of its words on, a sentence says what the rules say."""
_URGED: Final = re.compile(
    r"(?:염색|펌|탈색)[을를은도]? (?:하세|해 ?[주보]|하는 (?:것|편)이 좋|(?:더 )?(?:자주 )?하셔도)"
)
# What the service is not, or cannot tell, may be said whatever is planned.
_DISCLAIMS: Final = re.compile(
    r"(?:진단|치료|처방)\S*.*(?:아니|아닙|대신하지)|사진만으로는|사람마다 다"
)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a sentence speaks of: planned actions, and whether of others; whether it asks."""

    planned: tuple[ActionRule, ...]
    unplanned: bool
    asks: bool


def deeds(text: str, whole: str, plan: Plan) -> Deeds:
    """``text``: the sentence ``whole`` without what it tells of the person
    (:func:`dupi.advice.answers.without_told`)."""
    planned, edition = planned_rules(plan), plan.edition
    named = tuple(rule for rule in planned if names(text, rule.keys, rule.code, whole)) or tuple(
        rule for rule in planned if names(whole, rule.keys, rule.code) and does(text, rule, edition)
    )
    advised, asks = CONTRAST.sub("", text), bool(ASKS.search(text))
    others = (rule for rule in rulebook(plan.edition).sayable if rule not in planned)
    wrong = any(_means(advised, rule, named, plan) for rule in others)
    if asks and speaks_of_doctors(text) and not _sends_to_a_doctor(plan):
        wrong = True
    sent = bool(plan.referral) and sends(text)
    nothing = not named and not sent and (asks or not _may_be_told(text, planned))
    return Deeds(named, wrong or nothing, asks)


def _may_be_told(text: str, planned: Iterable[ActionRule]) -> bool:
    """Whether a sentence that asks for nothing planned says what the plan's own rules say, or what
    the service is not; one that only told of the person has nothing left."""
    words = [word[:2] for word in text.split()]
    ours = " ".join(map(sayings, planned))
    known = sum(word in ours for word in words)
    return known >= _OURS * len(words) or bool(_DISCLAIMS.search(text))


def planned_rules(plan: Plan) -> list[ActionRule]:
    """Rules of the plan's shampoo and actions."""
    planned = ([plan.shampoo] if plan.shampoo else []) + list(plan.actions)
    return [rulebook(plan.edition).phrased(action.code) for action in planned]


def _means(text: str, rule: ActionRule, named: Sequence[ActionRule], plan: Plan) -> bool:
    """Whether ``text`` asks for ``rule``. Beside a planned action, a habit's key alone ("거품")
    may belong to that: then its verb must be there too."""
    keys = [key for key in rule.keys if key in text]
    if not keys or (plan.referral and all(map(speaks_of_doctors, keys))):
        return False
    if rule.kind in (ActionKind.SHAMPOO, ActionKind.PRODUCT) or not named:
        return True
    ours = " ".join(sayings(other) for other in named)
    if all(key in ours for key in keys):
        return False
    return does(text, rule, plan.edition)


def does(text: str, rule: Phrased, edition: str) -> bool:
    """Whether one of the verbs of ``rule`` is in ``text``."""
    return any(stem in text for stem in verb_stems(rule, edition))


def _sends_to_a_doctor(plan: Plan) -> bool:
    return bool(plan.referral) or any(
        speaks_of_doctors(sayings(rule)) for rule in planned_rules(plan)
    )


def names_unplanned_things(
    text: str, case: Case, plan: Plan, steps: Iterable[Phrased] = (), told: str | None = None
) -> bool:
    """Whether something is used, done or named that the plan does not hold. What the person uses
    may be named only where it is told of them; ``told``: the sentence without that."""
    rules = (*planned_rules(plan), *steps)
    verbs = verbs_of(rules, plan.edition)
    ours = f"{_allowed(rules, plan)} {answers_text(case)}"
    theirs = f"{ours} {_products_text(case)}"
    return _names_others(text, theirs, verbs) or (
        told is not None and _names_others(told, ours, verbs)
    )


def _names_others(text: str, allowed: str, verbs: frozenset[str]) -> bool:
    urged = _URGED.search(text)
    return (
        any(word in text and word not in allowed for word in banned.FOREIGN)
        or bool(urged and urged.group() not in allowed)
        or any(True for _ in unknown_things(text, allowed))
        or any(True for _ in unknown_deeds(text, allowed, verbs))
    )


def _allowed(rules: Iterable[Phrased], plan: Plan) -> str:
    referral = (plan.referral.text, *plan.referral.reasons) if plan.referral else ()
    return " ".join((*map(sayings, rules), *referral, _VOCABULARY))


_VOCABULARY: Final = " ".join(
    [*(c.korean for c in Condition), *(g.korean for g in Severity), *(s.korean for s in ScalpSite)]
)


def answers_text(case: Case) -> str:
    """Labels of what the person answered, but for what they use."""
    survey = case.survey
    single = (
        survey.shampoo_frequency,
        survey.perm_frequency,
        survey.dye_frequency,
        survey.hair_state,
        survey.purchase_priority,
    )
    several = (*survey.symptoms, *survey.circumstances)
    return " ".join(label(value) for value in (*single, *several))


def _products_text(case: Case) -> str:
    return " ".join(map(label, case.survey.products))
