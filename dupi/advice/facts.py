"""What a sentence says of a scalp, held against the case."""

import re
from typing import Final

from dupi.advice.answers import TOLD
from dupi.advice.signs import Claim, claims_by_name, claims_by_sign, named_conditions
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import abstained_conditions, elevated_conditions
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import Condition, HairProduct, HairState, ScalpSite

_ALL_CLEAR: Final = re.compile(
    r"(여섯 항목|모든 항목|모두|전부|전체)\S*.*(양호|정상|괜찮|깨끗|건강)"
)
_ALL_SEEN: Final = re.compile(r"(여섯|모든) 항목[을이]? ?(모두|전부|다)? ?(확인|살펴|판단)")
_NO_CHANGE: Final = re.compile(
    r"(변화|문제|이상)[는은가이도]? ?(거의 |전혀 |따로 )?(보이지 않|없)|건강해|건강한"
)
_ONE_OF_SIX: Final = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6}
_REST: Final = re.compile(
    r"(나머지|그 밖|그 외|다른)(?:의)? ?(?:(한|두|세|네|다섯) )?(?:가지 )?(?:항목|것)"
)
_REST_CLEAR: Final = re.compile(r"나머지|그 밖|그 외|다른 항목")
_REST_RAISED: Final = re.compile(
    r"(?:나머지|그 밖|그 외|다른)(?:의)? ?\S* ?항목\S* (?:\S+ )?(?:경증|중등도|중증|심[한해])"
)
_BESIDES: Final = re.compile(r"\S+ (?:말고|빼고|외에는?|제외하고)(?: ?는)? ")
_SINCE: Final = re.compile(
    r"(?:지난 ?번|지난 ?주|지난 ?달|지난 ?해|저번|이전|예전|작년|어제|그동안)"
    r"\S*(?: \S+)?(?:보다|에 비해|에 비하면)"
)
"""Held against an earlier time, of which no case tells anything."""
_SUBJECTS: Final = re.compile(
    r"두피|모발|머리카락|사진|항목|습관|모공|유분|피지|각질|홍반|붉은|뾰루지|관리|피부과|안내|결과|진단|치료"
)


_ANSWERS: Final = (label(HairProduct.HAIR_LOSS_PRODUCT), label(HairState.HAIR_LOSS))
"""Answers of the survey that hold a condition's name, and do not say that it is there."""


def contradicts_case(text: str, case: Case, *, advising: bool = False) -> bool:
    """Whether ``text`` says of this scalp what is not so; ``advising`` as in
    :func:`dupi.advice.signs.claims_by_name`."""
    text = _BESIDES.sub("", text)
    named = claims_by_name(text, advising=advising)
    signs = claims_by_sign(text, advising=advising)
    return (
        any(not _holds(claim, case) for claim in (*named, *signs))
        or bool(_SINCE.search(text) or _REST_RAISED.search(text))
        or any(site.korean in text and site not in case.sites for site in ScalpSite)
        or (not advising and _too_clear(text, case))
    )


def names_unseen(text: str, case: Case) -> frozenset[Condition]:
    """Conditions that are named, with nothing said of them, though they are not there."""
    for answer in _ANSWERS:
        text = text.replace(answer, "")
    told = {condition for claim in claims_by_name(text) for condition in claim.conditions}
    return frozenset(c for c in named_conditions(text) - told if not case.grades.get(c))


def is_about(text: str, case: Case) -> bool:
    """Whether a summary sentence speaks of a scalp, or of this person's answers, at all."""
    return bool(_SUBJECTS.search(text) or TOLD.search(text) or named_conditions(text)) or any(
        site.korean in text for site in case.sites
    )


def told_grades(text: str) -> frozenset[Condition]:
    """Conditions of which ``text`` tells the grade."""
    return frozenset(
        condition
        for claim in claims_by_name(text)
        if claim.graded
        for condition in claim.conditions
    )


def _holds(claim: Claim, case: Case) -> bool:
    grades = [case.grades.get(condition) for condition in claim.conditions]
    if not claim.grades:
        return None in grades
    return any(grade in claim.grades for grade in grades if grade is not None)


def _too_clear(text: str, case: Case) -> bool:
    elevated, abstained = elevated_conditions(case), abstained_conditions(case)
    clear = len(Condition) - len(elevated) - len(abstained)
    rest = _REST.search(text)
    if rest and rest.group(2) and "양호" in text and _ONE_OF_SIX[rest.group(2)] != clear:
        return True
    if _ALL_SEEN.search(text):
        return bool(abstained)
    if _REST_CLEAR.search(text):
        return not clear
    if _ALL_CLEAR.search(text) and not named_conditions(text):
        return bool(elevated or abstained)
    return bool(_NO_CHANGE.search(text) and elevated)
