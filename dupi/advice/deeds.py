"""What a sentence of advice asks for, held against the plan.

All looks at plain text (:func:`dupi.advice.text.plain`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from dupi.advice import banned
from dupi.advice.words import ASKS, also, names, unknown_deeds, unknown_things
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rulebook import ActionKind, ActionRule, Phrased, rulebook
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity

AVOIDING: Final = re.compile(
    r"않|말아|말고|마세요|피하|피해|줄이|줄여|미루|미뤄|쉬|쉴|삼가|멈추|멈춰|그만|대신|보다|덜|늘려|늘리|바꿔|바꾸|느슨|떼"
)
OPPOSITES: Final = (
    (re.compile("늘리|늘려|더 자주"), re.compile("줄이|줄여")),
    (re.compile("찬 바람|미지근한 바람"), re.compile("뜨거운 바람|더운 바람")),
    (re.compile("미온수|미지근한 물"), re.compile("뜨거운 물|찬물|냉수")),
    (re.compile("건성"), re.compile("지성")),
    (re.compile("남지 않|끝까지|없을 때까지"), re.compile("남게|남겨")),
    (
        re.compile("닿지 않|묻지 않|두피를 피"),
        re.compile("두피에 골고루|두피까지 골고루|두피에 닿게"),
    ),
)
# What is set against what is advised: "뜨거운 물 대신", "강한 제품보다", "지성용이 아니라".
_CONTRAST: Final = re.compile(r"[^,.]*?[이가] 아니라 ?|(?:\S+ )?\S*(?:보다|대신|(?<!지 )말고)는? ")
_LAST_FORBIDS: Final = re.compile(
    r"(?<!두피를 )(?:피하|피해|삼가|금물|안 돼|그만|중단|끊|무시|어겨|어기)\S*(?: \S+){0,3}[.!]?$"
)
_LAST_NEGATES: Final = re.compile(
    r"(\S{1,3}지)는? ?(?:말아|마[세시]|않는 (?:것|편|게|쪽)|않도록)\S*(?: \S+){0,3}[.!]?$"
)
_INSTEAD: Final = re.compile(r"([^,.]*?)(\S{1,3}지)는? ?(?:말고|않고) ")
_MANNER: Final = re.compile(
    r"(?:한꺼번에|한 ?번에|너무|세게|강하게|많이|갑자기|바로|자주|억지로|함부로|손으로) $"
)
_URGED: Final = re.compile(
    r"(?:염색|펌|탈색)[을를은도]? (?:하세|해 ?[주보]|하는 (?:것|편)이 좋|(?:더 )?(?:자주 )?하셔도)"
)
_DOCTOR: Final = re.compile("피부과|전문의|의사|병원|진료|상담")
_HELPERS: Final = frozenset({"않다", "하다", "말다"})


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a sentence speaks of: planned actions, and whether of others; whether it asks."""

    planned: tuple[ActionRule, ...]
    unplanned: bool
    asks: bool


def deeds(text: str, whole: str, plan: Plan) -> Deeds:
    """``text``: the sentence ``whole`` without what it tells of the person
    (:func:`dupi.advice.answers.without_told`)."""
    planned = planned_rules(plan)
    named = tuple(rule for rule in planned if names(text, rule.keys, rule.code, whole))
    advised, asks = _CONTRAST.sub("", text), bool(ASKS.search(text))
    others = (rule for rule in rulebook(plan.edition).sayable if rule not in planned)
    wrong = any(_means(advised, rule, named, plan) for rule in others)
    doctor = bool(_DOCTOR.search(text))
    if asks and doctor and not _sends_to_a_doctor(plan):
        wrong = True
    nothing = asks and not named and not (doctor and plan.referral)
    return Deeds(named, wrong or nothing, asks)


def planned_rules(plan: Plan) -> list[ActionRule]:
    """Rules of the plan's shampoo and actions."""
    planned = ([plan.shampoo] if plan.shampoo else []) + list(plan.actions)
    return [rulebook(plan.edition).phrased(action.code) for action in planned]


def _means(text: str, rule: ActionRule, named: Sequence[ActionRule], plan: Plan) -> bool:
    """Whether ``text`` asks for ``rule``. Beside a planned action, a habit's key alone ("거품")
    may belong to that: then its verb must be there too."""
    keys = [key for key in rule.keys if key in text]
    if not keys or (plan.referral and all(_DOCTOR.search(key) for key in keys)):
        return False
    if rule.kind in (ActionKind.SHAMPOO, ActionKind.PRODUCT) or not named:
        return True
    ours = " ".join(sayings(other) for other in named)
    if all(key in ours for key in keys):
        return False
    return does(text, rule, plan.edition)


def does(text: str, rule: Phrased, edition: str) -> bool:
    """Whether one of the verbs of ``rule`` is in ``text``."""
    return any(stem in text for stem in _stems(rule, edition))


@cache
def _stems(rule: Phrased, edition: str) -> frozenset[str]:
    verbs = rulebook(edition).verbs
    lasts = [next((w for w in reversed(do.split()) if w not in _HELPERS), "") for do in rule.do]
    stems = {word.removesuffix("다") for word in lasts if word}
    return frozenset(stems | {verbs[word][0] for word in lasts if word in verbs})


@cache
def sayings(rule: Phrased) -> str:
    """Everything that the rules themselves say about ``rule``, and what it may name."""
    reason = rule.reason if isinstance(rule, ActionRule) else ""
    other = also().get(rule.code)
    things = other.things if other else ()
    return " ".join((rule.text, reason, *rule.do, *rule.because, *rule.keys, *things))


def _sends_to_a_doctor(plan: Plan) -> bool:
    return bool(plan.referral) or any(_DOCTOR.search(sayings(r)) for r in planned_rules(plan))


def names_unplanned_things(text: str, case: Case, plan: Plan, steps: Iterable[Phrased]) -> bool:
    """Whether something is used, done or named that neither the plan nor the answers hold."""
    allowed = _allowed(case, plan, steps)
    urged = _URGED.search(text)
    return (
        any(word in text and word not in allowed for word in banned.FOREIGN)
        or bool(urged and urged.group() not in allowed)
        or any(True for _ in unknown_things(text, allowed))
        or any(True for _ in unknown_deeds(text, allowed))
    )


def _allowed(case: Case, plan: Plan, steps: Iterable[Phrased]) -> str:
    rules = (*planned_rules(plan), *steps)
    said = (" ".join((sayings(rule), *_stems(rule, plan.edition))) for rule in rules)
    referral = (plan.referral.text, *plan.referral.reasons) if plan.referral else ()
    return " ".join((*said, *referral, answers_text(case), _VOCABULARY))


_VOCABULARY: Final = " ".join(
    [*(c.korean for c in Condition), *(g.korean for g in Severity), *(s.korean for s in ScalpSite)]
)


def answers_text(case: Case) -> str:
    """Labels of what the person answered."""
    survey = case.survey
    single = (
        survey.shampoo_frequency,
        survey.perm_frequency,
        survey.dye_frequency,
        survey.hair_state,
        survey.purchase_priority,
    )
    several = (*survey.products, *survey.symptoms, *survey.circumstances)
    return " ".join(label(value) for value in (*single, *several))


def turns(text: str, named: Sequence[ActionRule], *, asks: bool) -> bool:
    """Whether ``text`` says the opposite of what is planned."""
    advised = _CONTRAST.sub("", text)
    if asks and any(avoids(rule) for rule in named) and not AVOIDING.search(text):
        return True
    if not all(avoids(rule) for rule in named) and forbids(text, named):
        return True
    wanted = _CONTRAST.sub("", " ".join(do for rule in named for do in (rule.text, *rule.do)))
    return asks and any(
        (one.search(wanted) and other.search(advised) and not one.search(advised))
        or (other.search(wanted) and one.search(advised) and not other.search(advised))
        for one, other in OPPOSITES
        if bool(one.search(wanted)) is not bool(other.search(wanted))
    )


def forbids(text: str, named: Sequence[Phrased]) -> bool:
    """Tells not to do what the rules of ``named`` do not tell so."""
    allowed = " ".join(map(sayings, named))
    forbidding = _LAST_FORBIDS.search(text)
    if forbidding and not re.search("피하|피해|삼가|금물|그만|중단|끊", allowed):
        return True
    last = [
        match.group(1)
        for match in _LAST_NEGATES.finditer(text)
        if not _MANNER.search(text[: match.start()])
    ]
    instead = [m.group(2) for m in _INSTEAD.finditer(text) if _denies(m.group(1), named)]
    return any(not re.search(rf"{stem} ?[않말]", allowed) for stem in (*last, *instead))


def _denies(clause: str, named: Sequence[Phrased]) -> bool:
    """Whether the deed that a clause says no to is one of ``named``, and not only its manner."""
    ours = any(names(clause, rule.keys, rule.code) for rule in named)
    return ours and not _MANNER.search(clause)


@cache
def avoids(rule: ActionRule) -> bool:
    """Whether ``rule`` is about doing less of something, however it is worded."""
    return all(_AVOIDED.search(do) for do in rule.do)


_AVOIDED: Final = re.compile(r"않|말고|대신|피하|피해|줄이|미루|쉬다|쉬게|멈추|그만")
