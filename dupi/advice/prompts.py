"""The prompt that asks the advisor to put a plan into words. Training and serving share it.

Weights are asked in the words that they were trained on: prompts have versions, an advisor's card
names its own, and new weights are trained on :data:`NEWEST`.
"""

from collections.abc import Callable, Mapping
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

FIRST: Final = "1"
NEWEST: Final = "2"

SYSTEM: Final[Mapping[str, str]] = {
    "1": "아래 내용만 써서 두피 관리 안내를 [관리], [루틴] 차례로 써요.",
    "2": (
        "두피 관리 안내를 쓰는 사람으로서 아래 계획을 읽기 좋은 한국어로 풀어 써요. "
        "요약은 이미 전했으니 [관리]와 [루틴]만 이 차례로, 한 줄에 하나씩 써요.\n"
        "[관리]: 샴푸와 관리의 항목을 적힌 차례대로 빠짐없이, 한 문장에 하나씩 써요. "
        "그 사람의 두피 상태와 답한 습관을 까닭으로 들고, 언제 하면 좋은지도 알려요.\n"
        "[루틴]: 루틴의 항목을 적힌 횟수 그대로 빠짐없이 써요.\n"
        "계획에 없는 제품이나 방법, 약 이름, 용량, 병을 알아내거나 낫게 한다는 말은 쓰지 않아요. "
        "같은 말을 되풀이하지 않고, 모든 문장을 해요체로 끝내요."
    ),
}
"""What is the same for everyone comes first, and as a whole: servers keep it ready between
prompts, in blocks of some tokens (vLLM's prefix cache)."""

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


def advice_messages(case: Case, plan: Plan, prompt: str = FIRST) -> list[Message]:
    """Messages of an OpenAI-style chat, without the reply. Raises ``KeyError`` for a version of
    the prompt that is not known."""
    return [
        {"role": "system", "content": SYSTEM[prompt]},
        {"role": "user", "content": "\n".join(_lines(_ROWS[prompt](case, plan)))},
    ]


def reply_opening(case: Case) -> str:
    """How every reply begins: the summary in the rules' own words.

    Grades and answers are facts: nothing is won by letting a model tell them, and a slip would
    contradict what the person sees beside it. The model goes on from here.
    """
    return f"{SECTION_MARKS[AdviceSectionKind.SUMMARY]} {_summary(case)}\n"


def _summary(case: Case) -> str:
    return " ".join(summary_sentences(case, first_way))


def _lines(rows: Mapping[str, str]) -> list[str]:
    return [f"{name}: {text}" for name, text in rows.items() if text]


def _first_rows(case: Case, plan: Plan) -> dict[str, str]:
    """The person, the summary that the reply goes on from, and what is to be put into words."""
    return {
        "대상": _person(case),
        "모발": label(case.survey.hair_state),
        "요약": _summary(case),
        **_plan_rows(plan),
    }


def _second_rows(case: Case, plan: Plan) -> dict[str, str]:
    """All seven answers; those of the washing, the perm and the dye stand in the summary."""
    survey = case.survey
    return {
        "대상": _person(case),
        "모발": label(survey.hair_state),
        "제품": ", ".join(label(product) for product in survey.products),
        "샴푸 기준": label(survey.purchase_priority),
        "맞춤 케어": "원함" if survey.wants_custom_care else "",
        "상황": ", ".join(label(circumstance) for circumstance in survey.circumstances),
        "요약": _summary(case),
        **_plan_rows(plan),
    }


def _plan_rows(plan: Plan) -> dict[str, str]:
    return {
        "상담": "권함" if plan.referral else "",
        "샴푸": plan.shampoo.text if plan.shampoo else "",
        "관리": " / ".join(action.text for action in plan.actions),
        "루틴": " / ".join(f"{often_text(s.times_per_week)} {s.text}" for s in plan.routine),
    }


_ROWS: Final[Mapping[str, Callable[[Case, Plan], dict[str, str]]]] = {
    "1": _first_rows,
    "2": _second_rows,
}


def _person(case: Case) -> str:
    gender = GENDER_WORDS.get(case.gender) if case.gender else None
    return ", ".join(part for part in (AGE_WORDS[case.age_band], gender) if part)
