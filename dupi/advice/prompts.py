"""The prompt that asks the advisor to put a plan into words. Training and serving share it."""

from typing import Final, TypedDict

from dupi.advice.phrasing import (
    abstained_text,
    findings_text,
    habits_text,
    often_text,
    sites_text,
    symptoms_text,
)
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import AdviceSectionKind, AgeBand, Gender

SECTION_MARKS: Final = {
    AdviceSectionKind.SUMMARY: "[요약]",
    AdviceSectionKind.CARE: "[관리]",
    AdviceSectionKind.ROUTINE: "[루틴]",
}
"""What a reply writes before each of the model's sections, in this order."""

SYSTEM: Final = "아래 내용만 써서 두피 관리 안내를 [요약], [관리], [루틴] 차례로 써요."

AGE_WORDS: Final = {
    AgeBand.TEENS: "10대",
    AgeBand.TWENTIES: "20대",
    AgeBand.THIRTIES: "30대",
    AgeBand.FORTIES: "40대",
    AgeBand.FIFTIES: "50대",
    AgeBand.SIXTIES_AND_OVER: "60대 이상",
}
GENDER_WORDS: Final = {Gender.FEMALE: "여성", Gender.MALE: "남성"}


class Message(TypedDict):
    role: str
    content: str


def advice_messages(case: Case, plan: Plan) -> list[Message]:
    """Messages of an OpenAI-style chat, without the reply."""
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "\n".join(_lines(case, plan))},
    ]


def _lines(case: Case, plan: Plan) -> list[str]:
    """Facts in the words in which they may be told, so that telling them is copying them."""
    rows = {
        "대상": _person(case),
        "부위": sites_text(case),
        "확인": findings_text(case) or "없음",
        "보류": abstained_text(case),
        "설문": habits_text(case),
        "모발": label(case.survey.hair_state),
        "증상": symptoms_text(case),
        "상담": "권함" if plan.referral else "",
        "샴푸": plan.shampoo.text if plan.shampoo else "",
        "관리": " / ".join(action.text for action in plan.actions),
        "루틴": " / ".join(f"{often_text(s.times_per_week)} {s.text}" for s in plan.routine),
    }
    return [f"{name}: {text}" for name, text in rows.items() if text]


def _person(case: Case) -> str:
    gender = GENDER_WORDS.get(case.gender) if case.gender else None
    return ", ".join(part for part in (AGE_WORDS[case.age_band], gender) if part)
