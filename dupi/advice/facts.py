"""What a sentence claims about a case, held against the case."""

import re
from collections.abc import Iterator
from typing import Final

from dupi.knowledge.plan import Case
from dupi.knowledge.rules import abstained_conditions, elevated_conditions
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import (
    Condition,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)

ALIASES: Final = {
    "모낭홍반/농포": Condition.FOLLICULAR_PUSTULES,
    "모낭홍반": Condition.FOLLICULAR_PUSTULES,
    "농포": Condition.FOLLICULAR_PUSTULES,
    "모낭사이홍반": Condition.INTERFOLLICULAR_ERYTHEMA,
    "모낭 사이 홍반": Condition.INTERFOLLICULAR_ERYTHEMA,
    "미세각질": Condition.FINE_SCALING,
    "미세 각질": Condition.FINE_SCALING,
    "피지과다": Condition.EXCESS_SEBUM,
    "피지 과다": Condition.EXCESS_SEBUM,
    "비듬": Condition.DANDRUFF,
    "탈모": Condition.HAIR_LOSS,
}
GRADE_WORDS: Final = {
    "양호": Severity.NONE,
    "정상": Severity.NONE,
    "괜찮": Severity.NONE,
    "경증": Severity.MILD,
    "경미": Severity.MILD,
    "가벼": Severity.MILD,
    "약한 편": Severity.MILD,
    "중등도": Severity.MODERATE,
    "중간": Severity.MODERATE,
    "중증": Severity.SEVERE,
    "심한": Severity.SEVERE,
    "심각": Severity.SEVERE,
    "심해요": Severity.SEVERE,
}
_NAME: Final = re.compile("|".join(sorted(ALIASES, key=len, reverse=True)))
_GRADE: Final = re.compile("|".join(sorted(GRADE_WORDS, key=len, reverse=True)))
_ABSENT: Final = re.compile(r"[이은는도가]? ?(?:전혀 |거의 )?(?:없|보이지 않)")
_BEFORE_GRADES: Final = {
    "가벼운": Severity.MILD,
    "경미한": Severity.MILD,
    "심한": Severity.SEVERE,
    "심각한": Severity.SEVERE,
}
_BEFORE: Final = re.compile(rf"({'|'.join(_BEFORE_GRADES)}) $")
_DEFERRED: Final = re.compile(r"판단|미뤘|미루|보류|어려")
_ALL_CLEAR: Final = re.compile(r"(여섯 항목|모든 항목|모두|전부|전체)\S*.*(양호|정상|괜찮)")
_NO_CHANGE: Final = re.compile(r"(변화|문제|이상)\S* (보이지 않|없)|건강해|건강한")
_REST_CLEAR: Final = re.compile(r"나머지|그 밖|그 외")
_SHAMPOO: Final = "|".join(label(value) for value in ShampooFrequency)
_TREATMENT: Final = "|".join(label(value) for value in TreatmentFrequency)
_HABITS: Final = re.compile(rf"(샴푸|머리)\S* ({_SHAMPOO})|(펌|염색)(?:[은는을이])? ({_TREATMENT})")
_TIMES: Final = re.compile(r"연 [\d~]+ ?회(?: 이상)?|(?:한|두|세|네|한두|두세) 번")
_SYMPTOMS: Final = {
    symptom: re.compile(rf"(?<![가-힣]){label(symptom)}(?=[이가과와은는도을를,]|\s|$)")
    for symptom in Symptom
}
_HABIT_WORDS: Final = re.compile(r"샴푸|펌|염색")


def contradicts_case(text: str, case: Case) -> bool:
    """Whether ``text`` says of this case what is not so."""
    return (
        any(case.grades.get(condition) != grade for condition, grade in claimed_grades(text))
        or _defers_what_was_graded(text, case)
        or _too_clear(text, case)
        or any(site.korean in text and site not in case.sites for site in ScalpSite)
    )


def contradicts_survey(text: str, case: Case) -> bool:
    """Whether ``text`` tells habits or symptoms that the person did not answer."""
    symptoms = case.survey.symptoms
    return _tells_other_habits(text, case) or any(
        pattern.search(text) and symptom not in symptoms for symptom, pattern in _SYMPTOMS.items()
    )


def names_unseen(text: str, case: Case) -> bool:
    """Whether a condition is named as if it were there, though it is not."""
    graded = {condition for condition, _ in claimed_grades(text)}
    named = {ALIASES[match.group()] for match in _NAME.finditer(text)} - graded
    return not _DEFERRED.search(text) and any(not case.grades.get(c) for c in named)


def claimed_grades(text: str) -> Iterator[tuple[Condition, Severity]]:
    """Each condition named with the grade that the sentence gives it: the next grade word.

    ``비듬과 탈모는 경증`` gives both the same; ``심한 비듬`` has the grade before the name.
    """
    for name in _NAME.finditer(text):
        before = _BEFORE.search(text[: name.start()])
        after = _GRADE.search(text, name.end())
        if before:
            yield ALIASES[name.group()], _BEFORE_GRADES[before.group(1)]
        elif _ABSENT.match(text, name.end()):
            yield ALIASES[name.group()], Severity.NONE
        elif after:
            yield ALIASES[name.group()], GRADE_WORDS[after.group()]


def _defers_what_was_graded(text: str, case: Case) -> bool:
    """A named condition without a grade: it must be deferred if it abstained, and only then."""
    named = {ALIASES[match.group()] for match in _NAME.finditer(text)}
    deferred = bool(_DEFERRED.search(text))
    return deferred and any(case.grades.get(condition) is not None for condition in named)


def _too_clear(text: str, case: Case) -> bool:
    elevated, abstained = elevated_conditions(case), abstained_conditions(case)
    if _REST_CLEAR.search(text):
        return len(elevated) + len(abstained) == len(Condition)
    if _ALL_CLEAR.search(text):
        return bool(elevated or abstained)
    return bool(_NO_CHANGE.search(text) and elevated)


def _tells_other_habits(text: str, case: Case) -> bool:
    survey = case.survey
    truth = {
        "샴푸": label(survey.shampoo_frequency),
        "머리": label(survey.shampoo_frequency),
        "펌": label(survey.perm_frequency),
        "염색": label(survey.dye_frequency),
    }
    for match in _HABITS.finditer(text):
        subject, told = match.group(1) or match.group(3), match.group(2) or match.group(4)
        if truth[subject] != told:
            return True
    known = " ".join(truth.values())
    return any(told not in known for told in (*_TIMES.findall(text), *re.findall(r"\d+", text)))


def has_anchor(text: str, case: Case) -> bool:
    """Whether a summary sentence speaks of this case at all."""
    return bool(
        _NAME.search(text)
        or _REST_CLEAR.search(text)
        or _ALL_CLEAR.search(text)
        or _HABIT_WORDS.search(text)
        or any(site.korean in text for site in case.sites)
        or any(pattern.search(text) for pattern in _SYMPTOMS.values())
    )
