"""What a sentence of the model must not be. Each check gives a code or ``None``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dupi.advice import banned
from dupi.advice.answers import contradicts_person, numbers_beside, without_told
from dupi.advice.deeds import (
    Deeds,
    deeds,
    does,
    names_unplanned_things,
    planned_rules,
)
from dupi.advice.doctors import puts_off
from dupi.advice.facts import contradicts_case, is_about, names_unseen
from dupi.advice.saying import sayings
from dupi.advice.text import COUNTS, alike, gist, is_korean, plain, repeats
from dupi.advice.turned import avoids, forbids, is_rough, turns
from dupi.advice.week import planned_steps, steps_named, times_fit, times_told
from dupi.advice.words import ASKS, names
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rulebook import ActionRule
from dupi.knowledge.vocabulary import AdviceSectionKind, Condition

__all__ = ["RejectionCode", "Said", "check_sentence", "planned_rules", "repeats", "sayings"]

LONGEST_SENTENCE: Final = 170
MOST_ABOUT_ONE_ACTION: Final = 2
_COUNTED: Final = re.compile(
    rf"\d+ ?[가-힣%]?|(?<![가-힣])(?:{COUNTS}) ?(?:번|회|달|주|시간|차례|가지|개월|분|배)"
    r"|사흘|나흘|닷새|열흘|보름|절반|반으로|반년|일 년|한 해|아침 ?저녁|수시로|온종일|밤새"
)
_IDIOMS: Final = re.compile(r"(?<![가-힣])한번 |다시 한 번|한 번 더|한 번에|한 번씩|한 번쯤")


class RejectionCode(StrEnum):
    UNPLANNED = "UNPLANNED"
    DRUG = "DRUG"
    DOSE = "DOSE"
    CLAIM = "CLAIM"
    CONTRADICTION = "CONTRADICTION"
    REPETITION = "REPETITION"
    NOT_KOREAN = "NOT_KOREAN"
    NUMBER = "NUMBER"
    OUTSIDE = "OUTSIDE"
    SECTION = "SECTION"
    LENGTH = "LENGTH"
    UNFINISHED = "UNFINISHED"
    MISSING = "MISSING"


@dataclass(slots=True)
class Said:
    """What an advice has said so far. ``sentences``: their gists (see ``text.gist``)."""

    sentences: set[str] = field(default_factory=set)
    actions: dict[str, int] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    summary: str = ""


def check_sentence(
    section: AdviceSectionKind, text: str, case: Case, plan: Plan, said: Said
) -> RejectionCode | None:
    """Why ``text`` may not be released, or ``None``; then ``said`` knows it."""
    code = _check_words(text, plan, said) or _SECTION_CHECKS[section](text, case, plan, said)
    if not code:
        said.sentences.add(gist(text))
    return code


_REFUSED_WORDS: Final = (
    (banned.DRUGS.search, RejectionCode.DRUG),
    (banned.DOSES.search, RejectionCode.DOSE),
    (banned.OUTSIDE.search, RejectionCode.OUTSIDE),
    (puts_off, RejectionCode.CONTRADICTION),
)


def _check_words(text: str, plan: Plan, said: Said) -> RejectionCode | None:
    """What no section may hold. Length first: what follows need not read long texts."""
    if len(text) > LONGEST_SENTENCE:
        return RejectionCode.LENGTH
    read = plain(text)
    if banned.claims(read, refers=plan.referral is not None):
        return RejectionCode.CLAIM
    for refused, code in _REFUSED_WORDS:
        if refused(read):
            return code
    if not is_korean(text):
        return RejectionCode.NOT_KOREAN
    meant = gist(text)
    if repeats(text) or any(alike(meant, before) for before in said.sentences):
        return RejectionCode.REPETITION
    return None


def _check_summary(text: str, case: Case, plan: Plan, said: Said) -> RejectionCode | None:
    told = without_told(text)
    asks = ASKS.search(told) and deeds(told, text, plan).unplanned
    if asks or names_unplanned_things(text, case, plan) or not is_about(text, case):
        return RejectionCode.UNPLANNED
    wrong = contradicts_case(text, case) or contradicts_person(text, case, whole=True)
    if wrong or names_unseen(text, case):
        return RejectionCode.CONTRADICTION
    if numbers_beside(text):
        return RejectionCode.NUMBER
    said.summary += text + " "
    return None


def _check_care(text: str, case: Case, plan: Plan, said: Said) -> RejectionCode | None:
    if contradicts_person(text, case):
        return RejectionCode.CONTRADICTION
    told = without_told(text)
    found = deeds(told, text, plan)
    if found.unplanned or names_unplanned_things(text, case, plan, told=told):
        return RejectionCode.UNPLANNED
    return _check_meaning(text, told, case, found) or _count(told, found, plan, said)


def _check_meaning(text: str, told: str, case: Case, found: Deeds) -> RejectionCode | None:
    own = _without_own_words(text, found.planned)
    if contradicts_case(own, case, advising=True):
        return RejectionCode.CONTRADICTION
    if names_unseen(own, case) - _spoken_of(found.planned):
        return RejectionCode.CONTRADICTION
    allowed = " ".join(sayings(rule) for rule in found.planned)
    turned = found.planned and turns(told, found.planned, asks=found.asks)
    if turned or is_rough(told, allowed):
        return RejectionCode.CONTRADICTION
    numbers = _COUNTED.findall(_IDIOMS.sub("", told))
    return RejectionCode.NUMBER if any(n not in allowed for n in numbers) else None


def _without_own_words(text: str, named: Sequence[ActionRule]) -> str:
    """``text`` without what the rules say in just these words."""
    for rule in named:
        for saying in (*rule.because, *rule.do, rule.text):
            text = text.replace(saying, "")
    return text


def _spoken_of(named: Sequence[ActionRule]) -> set[Condition]:
    """Conditions that the rules themselves name where they speak of these actions."""
    return {c for c in Condition if any(c.korean in sayings(rule) for rule in named)}


def _count(told: str, found: Deeds, plan: Plan, said: Said) -> RejectionCode | None:
    """An action was said where one of its keys was, or, by other words, where it was asked for or
    its deed was named."""
    covered = [
        rule
        for rule in found.planned
        if found.asks or any(key in told for key in rule.keys) or does(told, rule, plan.edition)
    ]
    counts = {rule.code: said.actions.get(rule.code, 0) + 1 for rule in covered}
    if any(count > MOST_ABOUT_ONE_ACTION for count in counts.values()):
        return RejectionCode.REPETITION
    said.actions.update(counts)
    return None


def _check_routine(text: str, case: Case, plan: Plan, said: Said) -> RejectionCode | None:
    named = steps_named(text, plan)
    steps = planned_steps(named, plan)
    if not named or steps is None or names_unplanned_things(text, case, plan, named):
        return RejectionCode.UNPLANNED
    rough = is_rough(text, " ".join(map(sayings, named)))
    avoided = [r for r in planned_rules(plan) if avoids(r) and names(text, r.keys, r.code)]
    if rough or forbids(text, named) or (avoided and turns(text, avoided, asks=True)):
        return RejectionCode.CONTRADICTION
    if contradicts_case(text, case, advising=True) or contradicts_person(text, case):
        return RejectionCode.CONTRADICTION
    if not times_fit(text, plan):
        return RejectionCode.NUMBER
    if times_told(text):
        said.steps.update(step.text for step in steps)
    return None


_SECTION_CHECKS: Final = {
    AdviceSectionKind.SUMMARY: _check_summary,
    AdviceSectionKind.CARE: _check_care,
    AdviceSectionKind.ROUTINE: _check_routine,
}
