"""The prompt of the student project behind Dupi, kept as a format that a person can read.

It asked with the answers of the reference data set line by line, the decade as ``30-`` and the six
grades in figures. Our advisor is not trained on it (see ``dupi.advice.prompts``); the data set
holds it beside each pair, so that a model can be trained as that project did.
"""

from typing import Final

from dupi.advice.prompts import AGE_WORDS
from dupi.knowledge.plan import Case
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import AgeBand, Condition, Gender

ASK: Final = "다음 두피 상태와 생활 습관에 맞는 관리 방법을 알려 주세요."
GENDERS: Final = {Gender.FEMALE: "여", Gender.MALE: "남"}


def historical_prompt(case: Case) -> str:
    """``case`` in lines of ``name: value``, then what is asked."""
    survey = case.survey
    rows = {
        "성별": GENDERS.get(case.gender, "") if case.gender else "",
        "나이": age_form(case.age_band),
        "부위": ", ".join(site.korean for site in case.sites),
        "샴푸 사용 빈도": label(survey.shampoo_frequency),
        "펌 주기": label(survey.perm_frequency),
        "염색 주기": label(survey.dye_frequency),
        "현재 모발 상태": label(survey.hair_state),
        "사용 제품": ", ".join(label(product) for product in survey.products),
        "맞춤 케어 희망": "예" if survey.wants_custom_care else "아니오",
        "샴푸 구매 기준": label(survey.purchase_priority),
        **{condition.korean: _figure(case, condition) for condition in Condition},
    }
    lines = [f"{name}: {value or '-'}" for name, value in rows.items()]
    return "\n".join([*lines, ASK])


def age_form(band: AgeBand) -> str:
    """``30-`` for 30대."""
    return AGE_WORDS[band].partition("대")[0] + "-"


def _figure(case: Case, condition: Condition) -> str:
    grade = case.grades.get(condition)
    return "" if grade is None else str(int(grade))
