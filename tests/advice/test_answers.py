"""Clauses that tell what a person answered, and what they are held against."""

import pytest

from dupi.advice.answers import contradicts_person, without_told
from tests.advice.sentence_set import contexts


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("펌을 연 4~6회 하신다고 하셨으니 펌 간격을 늘려 주세요.", "펌 간격을 늘려 주세요."),
        ("염색을 연 7회 이상 하고 계신 만큼 염색은 쉬어 주세요.", "염색은 쉬어 주세요."),
        ("두피는 답답해져서 바람으로 말려 주세요.", "두피는 답답해져서 바람으로 말려 주세요."),
        ("펌을 예약하셨더라도 쉬어 주세요.", "펌을 예약하셨더라도 쉬어 주세요."),
    ],
)
def test_what_is_told_is_told_apart_from_what_is_advised(sentence: str, left: str) -> None:
    assert without_told(sentence).strip() == left


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("펌을 연 4~6회 하신다고 하셨으니 펌 간격을 늘려 주세요.", False),
        ("펌을 연 1~3회 하신다고 하셨으니 펌 간격을 늘려 주세요.", True),
        ("하루 두 번 감으신다고 하셨는데, 하루 한 번으로 줄여 주세요.", False),
        ("하루 한 번 감으신다고 하셨는데, 하루 한 번으로 줄여 주세요.", True),
        ("20대 남성이신 만큼 두피 위주로 감아 주세요.", False),
        ("30대 남성이신 만큼 두피 위주로 감아 주세요.", True),
        ("두피 세럼을 쓰고 계시니 잠시 쉬어 주세요.", True),
    ],
)
def test_answers_are_held_against_the_survey(told: str, wrong: bool) -> None:
    case, _ = contexts()["oily"]
    assert contradicts_person(told, case) is wrong
