"""The prompt that asks the advisor to put a plan into words. Training and serving share it."""

from typing import Final, TypedDict

from dupi.advice.phrasing import first_way, often_text, summary_sentences
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import AdviceSectionKind, AgeBand, Gender

SECTION_MARKS: Final = {
    AdviceSectionKind.SUMMARY: "[요약]",
    AdviceSectionKind.CARE: "[관리]",
    AdviceSectionKind.ROUTINE: "[루틴]",
}
"""What a reply writes before each of its sections, in this order; see :func:`reply_opening`."""

SYSTEM: Final = "아래 내용만 써서 두피 관리 안내를 [관리], [루틴] 차례로 써요."

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


def reply_opening(case: Case) -> str:
    """How every reply begins: the summary in the rules' own words.

    Grades and answers are facts: nothing is won by letting a model tell them, and a slip would
    contradict what the person sees beside it. The model goes on from here.
    """
    return f"{SECTION_MARKS[AdviceSectionKind.SUMMARY]} {_summary(case)}\n"


def _summary(case: Case) -> str:
    return " ".join(summary_sentences(case, first_way))


def _lines(case: Case, plan: Plan) -> list[str]:
    """The person, the summary that the reply goes on from, and what is to be put into words."""
    rows = {
        "대상": _person(case),
        "모발": label(case.survey.hair_state),
        "요약": _summary(case),
        "상담": "권함" if plan.referral else "",
        "샴푸": plan.shampoo.text if plan.shampoo else "",
        "관리": " / ".join(action.text for action in plan.actions),
        "루틴": " / ".join(f"{often_text(s.times_per_week)} {s.text}" for s in plan.routine),
    }
    return [f"{name}: {text}" for name, text in rows.items() if text]


def _person(case: Case) -> str:
    gender = GENDER_WORDS.get(case.gender) if case.gender else None
    return ", ".join(part for part in (AGE_WORDS[case.age_band], gender) if part)
