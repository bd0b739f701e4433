"""Whether a sentence says the opposite of what is planned, in one of its clauses or as a whole.

All looks at plain text (:func:`dupi.advice.text.plain`).
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from dupi.advice.doctors import speaks_of_doctors
from dupi.advice.saying import sayings
from dupi.advice.words import ASKS, names
from dupi.knowledge.rulebook import ActionRule, Phrased, Rung

SENDS: Final = Rung.DOCTOR_AFTER_A_MONTH
"""From here on an action is to see a doctor: a sentence that asks for it names one."""
AVOIDING: Final = re.compile(
    r"않|말아|말고|마세요|피하|피해|줄이|줄여|미루|미뤄|쉬(?![우운웠워울])|쉴|삼가|멈추|멈춰|그만|대신|보다"
    r"|덜(?!어)|늘려|늘리|바꿔|바꾸|느슨|떼"
)
# "쉬지 말고": who does not pause goes on.
_GOES_ON: Final = re.compile(
    r"(?:쉬|미루|피하|줄이|멈추|삼가|늘리|바꾸|그만두)지(?:는|도)? ?(?:말|않|마)\S*"
)
OPPOSITES: Final = (
    (re.compile("늘리|늘려|더 자주"), re.compile("줄이|줄여")),
    (re.compile("찬 바람|미지근한 바람"), re.compile("뜨거운 바람|더운 바람")),
    (re.compile("미온수|미지근한 물"), re.compile("뜨거운 물|찬물|냉수")),
    (re.compile("건성"), re.compile("지성")),
    (re.compile("밝은"), re.compile("어두운|어둡게|불을 끄")),
    (re.compile("남지 않|끝까지|없을 때까지"), re.compile("남게|남겨")),
    (
        re.compile("닿지 않|묻지 않|두피를 피"),
        re.compile("두피에 골고루|두피까지 골고루|두피에 닿게"),
    ),
)
# What is set against what is advised: "뜨거운 물 대신", "강한 제품보다", "지성용이 아니라".
CONTRAST: Final = re.compile(r"[^,.]*?[이가] 아니라 ?|(?:\S+ )?\S*(?:보다|대신|(?<!지 )말고)는? ")
_LAST_FORBIDS: Final = re.compile(
    r"(?<!두피를 )(?:피하|피해|삼가|금물|안 돼|그만|중단|끊|무시|어겨|어기)\S*(?: \S+){0,3}[.!]?$"
)
_LAST_NEGATES: Final = re.compile(
    r"(\S{1,3}지)는? ?(?:말아|마[세시]|않는 (?:것|편|게|쪽)|않도록)\S*(?: \S+){0,3}[.!]?$"
)
_LAST_EXCUSES: Final = re.compile(
    r"(\S{1,3}지)(?:는|도)? ?않(?:아|으셔)도 (?:돼|됩|괜찮|좋|상관|무방|알)\S*(?: \S+)?[.!]?$"
)
_INSTEAD: Final = re.compile(r"([^,.]*?)(\S{1,3}지)는? ?(?:말고|않고) ")
_MANNER: Final = re.compile(
    r"(?:한꺼번에|한 ?번에|너무|세게|강하게|많이|갑자기|바로|자주|억지로|함부로|손으로|완전히) $"
)
_DEFIES: Final = re.compile(r"(?:[와과]|안내|설명서)\S* ?(?:다르게|달리|반대로)|상관없이|무시하고")
# Where one thing ends and the next is said: a deed set against another stands in its own clause.
_CLAUSES: Final = re.compile(
    r"(?<=말고) |(?<=않고) |(?<=대신) |(?<=지만),? |(?<=[가-힣]며),? |(?<=면서),? "
    r"|(?<=[가-힣]고)(?<![다라]고),? |, "
)
_ABOVE: Final = (
    r"[가-힣]{0,3}(?: (?:샴푸|머리|안내))?(?:로|의|를)?(?: ?(?:감기|쓰기|쓰는 것|감는 것))?"
    r"(?:보다|(?<!지)(?: 대신| 말고))"
)
"""Follows what something else is set above."""
_GAINS: Final = re.compile(r"면 \S*(?:시원|좋|편|개운|깨끗|나아|도움|괜찮|돼)")
_HARSH: Final = re.compile(
    r"(?:세게|박박|벅벅|힘껏|힘주어|힘을 주어|거칠게)(?! \S+(?:다고|면)(?: |$))"
)
_HOT: Final = re.compile(
    r"(?:뜨거운|뜨끈한|더운|펄펄 끓는) (?:물|바람)(?:으?로|에)"
    r"(?!(?: \S+){1,2}면 (?!좋|도움|돼|충분))"
    r"|뜨(?:겁|끈하)게"
)
_HASTY: Final = re.compile("자마자 (?:헹|씻)")
_ROUGH: Final = (_HOT, _HARSH, _HASTY)


def turns(text: str, named: Sequence[ActionRule], *, asks: bool) -> bool:
    """Whether ``text`` says the opposite of what is planned."""
    clauses = _CLAUSES.split(text)
    if any(_does_what_it_avoids(clauses, rule, named) for rule in named if avoids(rule)):
        return True
    if asks and not speaks_of_doctors(text) and any(rule.rung >= SENDS for rule in named):
        return True
    if any(_prefers_to(text, rule) for rule in named if not avoids(rule)):
        return True
    if not all(avoids(rule) for rule in named) and forbids(text, named):
        return True
    return _excuses(text, named) or (asks and _is_opposite(text, named))


def is_rough(text: str, allowed: str) -> bool:
    """Asks for heat, force or haste that ``allowed`` does not speak of so."""
    clauses = _CLAUSES.split(CONTRAST.sub("", text)) if ASKS.search(text) else []
    rough = (p.search(clause) for clause in clauses if not is_avoided(clause) for p in _ROUGH)
    return any(found and found.group() not in allowed for found in rough)


def is_avoided(clause: str) -> bool:
    """Whether a clause is about doing less of something."""
    return bool(AVOIDING.search(_GOES_ON.sub("", clause)))


def _does_what_it_avoids(
    clauses: Sequence[str], rule: ActionRule, named: Sequence[ActionRule]
) -> bool:
    """Whether what ``rule`` avoids is asked for, or praised, where it is spoken of."""
    return any(
        (ASKS.search(span) or _GAINS.search(span)) and not is_avoided(span)
        for span in _spans(clauses, rule, named)
    )


def _spans(clauses: Sequence[str], rule: ActionRule, named: Sequence[ActionRule]) -> Iterator[str]:
    """From each clause that names ``rule`` on, until another of ``named`` is spoken of."""
    others = [other for other in named if other is not rule]
    for start, clause in enumerate(clauses):
        if not names(clause, _avoided_keys(rule), rule.code):
            continue
        stop = start + 1
        while stop < len(clauses) and not any(
            names(clauses[stop], other.keys, other.code) for other in others
        ):
            stop += 1
        yield " ".join(clauses[start:stop])


@cache
def _avoided_keys(rule: ActionRule) -> tuple[str, ...]:
    """Those that do not stand in what ``rule`` asks for instead ("두드려 물기를 거두다")."""
    instead = [c for do in rule.do for c in _CLAUSES.split(do) if not is_avoided(c)]
    return tuple(key for key in rule.keys if not any(key in clause for clause in instead))


def _prefers_to(text: str, rule: ActionRule) -> bool:
    """Whether something is set above what ``rule`` advises: "설명서보다 넉넉히"."""
    keys = "|".join(map(re.escape, rule.keys))
    return bool(re.search(rf"(?:{keys}){_ABOVE}", text))


def _is_opposite(text: str, named: Sequence[ActionRule]) -> bool:
    advised = CONTRAST.sub("", text)
    wanted = CONTRAST.sub("", " ".join(do for rule in named for do in (rule.text, *rule.do)))
    return any(
        (one.search(wanted) and other.search(advised) and not one.search(advised))
        or (other.search(wanted) and one.search(advised) and not other.search(advised))
        for one, other in OPPOSITES
        if bool(one.search(wanted)) is not bool(other.search(wanted))
    )


def _excuses(text: str, named: Sequence[Phrased]) -> bool:
    """Lets someone leave what is planned: "쉬지 않아도 돼요"."""
    allowed = " ".join(map(sayings, named))
    match = _LAST_EXCUSES.search(text)
    if not match or _MANNER.search(text[: match.start()]):
        return False
    return _goes_on(match) or not _tells_not_to(match.group(1), allowed)


def _goes_on(match: re.Match[str]) -> bool:
    return bool(_GOES_ON.search(match.group()))


def _tells_not_to(stem: str, allowed: str) -> bool:
    return bool(re.search(rf"{stem} ?[않말]", allowed))


def forbids(text: str, named: Sequence[Phrased]) -> bool:
    """Tells not to do what the rules of ``named`` do not tell so."""
    allowed = " ".join(map(sayings, named))
    if _DEFIES.search(text):
        return True
    forbidding = _LAST_FORBIDS.search(text)
    if forbidding and not re.search("피하|피해|삼가|금물|그만|중단|끊", allowed):
        return True
    last = [
        match.group(1)
        for pattern in (_LAST_NEGATES, _LAST_EXCUSES)
        for match in pattern.finditer(text)
        if not _MANNER.search(text[: match.start()])
    ]
    instead = [m.group(2) for m in _INSTEAD.finditer(text) if _denies(m.group(1), named)]
    return any(not _tells_not_to(stem, allowed) for stem in (*last, *instead))


def _denies(clause: str, named: Sequence[Phrased]) -> bool:
    """Whether the deed that a clause says no to is one of ``named``, and not only its manner."""
    ours = any(names(clause, rule.keys, rule.code) for rule in named)
    return ours and not _MANNER.search(clause)


@cache
def avoids(rule: ActionRule) -> bool:
    """Whether ``rule`` is about doing less of something, however it is worded."""
    return all(_AVOIDED.search(do) for do in rule.do)


_AVOIDED: Final = re.compile(r"않|말고|대신|피하|피해|줄이|미루|쉬다|쉬게|멈추|그만")
