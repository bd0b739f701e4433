"""Prompts by version: weights are asked in the words that they were trained on."""

import random

import pytest

from dupi.advice.prompts import FIRST, NEWEST, SYSTEM, advice_messages
from dupi.knowledge.rules import make_plan
from dupi.knowledge.vocabulary import (
    Condition,
    HairProduct,
    HairState,
    PurchasePriority,
    Severity,
    TreatmentFrequency,
)
from llm_server.training.pairs import pair_of
from tests.knowledge.cases import a_case, a_survey

SURVEY = a_survey(
    dye_frequency=TreatmentFrequency.FOUR_TO_SIX_A_YEAR,
    hair_state=HairState.DYED,
    products=(HairProduct.SHAMPOO, HairProduct.CONDITIONER),
    purchase_priority=PurchasePriority.SCENT,
    wants_custom_care=True,
)
CASE = a_case({Condition.DANDRUFF: Severity.MILD}, SURVEY)
SUMMARY = (
    "요약: 좌측두 사진에서 비듬은 경증으로 보여요. 나머지 항목은 양호해요. "
    "샴푸는 하루 한 번, 염색은 연 4~6회 하신다고 답하셨어요."
)


def lines(version: str) -> list[str]:
    plan = make_plan(CASE, edition="1")
    return advice_messages(CASE, plan, version)[-1]["content"].splitlines()


def test_the_first_prompt_stays_as_its_weights_know_it() -> None:
    assert SYSTEM[FIRST] == "아래 내용만 써서 두피 관리 안내를 [관리], [루틴] 차례로 써요."
    plan = make_plan(CASE, edition="1")
    assert lines(FIRST) == [
        "대상: 30대, 여성",
        "모발: 염색 모발",
        SUMMARY,
        "샴푸: 비듬 관리용 샴푸 쓰기",
        f"관리: {' / '.join(action.text for action in plan.actions)}",
        "루틴: 매일 저녁에 머리 감기 / 매일 감은 뒤 두피까지 말리기 / 주 1회 거울로 두피 살피기",
    ]
    assert advice_messages(CASE, make_plan(CASE)) == advice_messages(CASE, make_plan(CASE), FIRST)


def test_the_newest_prompt_tells_all_seven_answers() -> None:
    told = lines(NEWEST)
    for line in (
        "모발: 염색 모발",
        "제품: 샴푸, 린스",
        "샴푸 기준: 향",
        "맞춤 케어: 원함",
        SUMMARY,
    ):
        assert line in told
    assert told[-3:] == lines(FIRST)[-3:]


def test_a_prompt_that_is_not_known_is_refused() -> None:
    with pytest.raises(KeyError):
        advice_messages(CASE, make_plan(CASE), "0")


def test_pairs_are_of_the_newest_prompt() -> None:
    pair = pair_of(CASE, random.Random(1))  # noqa: S311
    assert pair.messages == pair.prompted(NEWEST) != pair.prompted(FIRST)
