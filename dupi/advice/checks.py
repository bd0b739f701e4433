"""What a sentence of the model must not be. Each check gives a code or ``None``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Final

from dupi.advice import banned
from dupi.advice.facts import contradicts_case, contradicts_survey, has_anchor, names_unseen
from dupi.knowledge.plan import Case, Plan, RoutineStep
from dupi.knowledge.rulebook import ActionRule, Phrased, rulebook
from dupi.knowledge.vocabulary import AdviceSectionKind, Condition, Severity

LONGEST_SENTENCE: Final = 170
MOST_ABOUT_ONE_ACTION: Final = 2
EVERY_DAY: Final = 7
RUN: Final = 4

ADVISING: Final = re.compile(r"주세요|보세요|하세요|좋아요|도움이|좋습니다|바랍니다|권해|추천")
AVOIDING: Final = re.compile(
    r"않|말아|말고|마세요|피하|피해|줄이|줄여|미루|미뤄|쉬|삼가|멈추|멈춰|그만"
)
NEGATED: Final = re.compile(r"(\S{1,3}지) ?(?:마세|마시|말[아고]|않)")
FORBIDDING: Final = re.compile(r"피하|피해|삼가|금물|안 돼|그만|중단|끊")
OPPOSITES: Final = (
    (re.compile("늘리|늘려|자주"), re.compile("줄이|줄여")),
    (re.compile("찬 바람|미지근한 바람"), re.compile("뜨거운 바람|더운 바람")),
    (re.compile("미온수"), re.compile("뜨거운 물|찬물|냉수")),
    (re.compile("건성"), re.compile("지성")),
)
COUNTED: Final = re.compile(
    r"(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|한두|두세) ?(?:번|달|주|시간|차례|가지|개월)"
)
REPEATED_CHUNK: Final = re.compile(r"(.{2,}?)\1\1")


class RejectionCode(StrEnum):
    UNPLANNED = "UNPLANNED"
    DRUG = "DRUG"
    DOSE = "DOSE"
    CLAIM = "CLAIM"
    CONTRADICTION = "CONTRADICTION"
    REPETITION = "REPETITION"
    NOT_KOREAN = "NOT_KOREAN"
    NUMBER = "NUMBER"
    SECTION = "SECTION"
    LENGTH = "LENGTH"
    UNFINISHED = "UNFINISHED"
    MISSING = "MISSING"


@dataclass(slots=True)
class Said:
    """What an advice has said so far."""

    sentences: set[str] = field(default_factory=set)
    actions: dict[str, int] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    summary: str = ""


def check_sentence(
    section: AdviceSectionKind, text: str, case: Case, plan: Plan, said: Said
) -> RejectionCode | None:
    """Why ``text`` may not be released, or ``None``; then ``said`` knows it."""
    code = _check_words(text, said)
    if not code and contradicts_case(text, case):
        code = RejectionCode.CONTRADICTION
    if not code:
        code = _SECTION_CHECKS[section](text, case, plan, said)
    if not code:
        said.sentences.add(_squeezed(text))
    return code


_REFUSED_WORDS: Final = (
    (banned.NOT_KOREAN, RejectionCode.NOT_KOREAN),
    (banned.CLAIMS, RejectionCode.CLAIM),
    (banned.DRUGS, RejectionCode.DRUG),
    (banned.DOSES, RejectionCode.DOSE),
)


def _check_words(text: str, said: Said) -> RejectionCode | None:
    for pattern, code in _REFUSED_WORDS:
        if pattern.search(text):
            return code
    if len(text) > LONGEST_SENTENCE:
        return RejectionCode.LENGTH
    if _squeezed(text) in said.sentences or repeats(text):
        return RejectionCode.REPETITION
    return None


def repeats(text: str) -> bool:
    """A word said twice in a row, a phrase said twice, or a chunk thrice ("샴푸샴푸샴푸")."""
    words = [word.strip(".,!?") for word in text.split()]
    if any(a == b and len(a) > 1 for a, b in pairwise(words)):
        return True
    runs = [tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)]
    return len(set(runs)) < len(runs) or bool(REPEATED_CHUNK.search(_squeezed(text)))


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _check_summary(text: str, case: Case, plan: Plan, said: Said) -> RejectionCode | None:
    if ADVISING.search(text) or _foreign(text, ()):
        return RejectionCode.UNPLANNED
    if contradicts_survey(text, case) or names_unseen(text, case):
        return RejectionCode.CONTRADICTION
    said.summary += text + " "
    return None if has_anchor(text, case) else RejectionCode.UNPLANNED


def _check_care(text: str, case: Case, plan: Plan, said: Said) -> RejectionCode | None:
    planned = planned_rules(plan)
    sayable = rulebook(plan.edition).sayable
    named = [rule for rule in sayable if any(key in text for key in rule.keys)]
    if not named or any(rule not in planned for rule in named) or _foreign(text, named):
        return RejectionCode.UNPLANNED
    code = _check_meaning(text, case, named)
    if code:
        return code
    for rule in named:
        said.actions[rule.code] = said.actions.get(rule.code, 0) + 1
    most = max(said.actions[rule.code] for rule in named)
    return RejectionCode.REPETITION if most > MOST_ABOUT_ONE_ACTION else None


def _check_meaning(text: str, case: Case, named: Sequence[ActionRule]) -> RejectionCode | None:
    allowed = " ".join(sayings(rule) for rule in named)
    if _turned(text, named, allowed) or _unseen_condition(text, case, allowed):
        return RejectionCode.CONTRADICTION
    numbers = (*re.findall(r"\d+", text), *COUNTED.findall(text))
    if any(number not in allowed for number in numbers):
        return RejectionCode.NUMBER
    return None


def _turned(text: str, named: Sequence[ActionRule], allowed: str) -> bool:
    """Says the opposite of what is planned."""
    if any(_avoids(rule) for rule in named) and not AVOIDING.search(text):
        return True
    if not all(_avoids(rule) for rule in named) and _forbids(text, allowed):
        return True
    return any(
        (one.search(text) and not one.search(allowed) and other.search(allowed))
        or (other.search(text) and not other.search(allowed) and one.search(allowed))
        for one, other in OPPOSITES
    )


def _forbids(text: str, allowed: str = "") -> bool:
    """Tells not to do what is not so told in ``allowed``."""
    if FORBIDDING.search(text) and not FORBIDDING.search(allowed):
        return True
    return any(not re.search(rf"{stem} ?[않말]", allowed) for stem in NEGATED.findall(text))


@cache
def _avoids(rule: ActionRule) -> bool:
    return all(AVOIDING.search(do) for do in rule.do)


def _unseen_condition(text: str, case: Case, allowed: str) -> bool:
    return any(
        condition.korean in text and condition.korean not in allowed
        for condition in Condition
        if not (case.grades.get(condition) or Severity.NONE)
    )


def _check_routine(text: str, case: Case, plan: Plan, said: Said) -> RejectionCode | None:
    book = rulebook(plan.edition)
    named = [step for step in book.steps if any(key in text for key in step.keys)]
    planned = {step.text: step for step in plan.routine}
    if not named or any(step.text not in planned for step in named) or _foreign(text, named):
        return RejectionCode.UNPLANNED
    if _forbids(text):
        return RejectionCode.CONTRADICTION
    if not _times_fit(text, [planned[step.text] for step in named]):
        return RejectionCode.NUMBER
    said.steps.update(step.text for step in named)
    return None


def _times_fit(text: str, steps: Sequence[RoutineStep]) -> bool:
    """Exactly the planned times a week, in figures or as 매일."""
    times = {step.times_per_week for step in steps}
    told = {int(number) for number in re.findall(r"\d+", text)}
    if "매일" in text or "날마다" in text:
        told.add(EVERY_DAY)
    return told == times and not COUNTED.search(text)


def _foreign(text: str, named: Iterable[Phrased]) -> bool:
    allowed = " ".join(sayings(rule) for rule in named)
    return any(word in text and word not in allowed for word in banned.FOREIGN)


def planned_rules(plan: Plan) -> list[ActionRule]:
    """Rules of the plan's shampoo and actions."""
    planned = ([plan.shampoo] if plan.shampoo else []) + list(plan.actions)
    return [rulebook(plan.edition).phrased(action.code) for action in planned]


@cache
def sayings(rule: Phrased) -> str:
    """Everything that the rules themselves say about ``rule``."""
    reason = rule.reason if isinstance(rule, ActionRule) else ""
    return " ".join((rule.text, reason, *rule.do, *rule.because))


_SECTION_CHECKS: Final = {
    AdviceSectionKind.SUMMARY: _check_summary,
    AdviceSectionKind.CARE: _check_care,
    AdviceSectionKind.ROUTINE: _check_routine,
}
