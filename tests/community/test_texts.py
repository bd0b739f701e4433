"""What is written comes out as plain, visible text; what cannot be read is refused with a code."""

import unicodedata

import pytest

from dupi.community.texts import MAX_BODY, MAX_TITLE, excerpt_of, read_body, read_title
from dupi.errors import FieldErrorCode


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("  두피   이야기 ", "두피 이야기"),
        (unicodedata.normalize("NFD", "탈모 샴푸"), "탈모 샴푸"),
        ("비밀\u200b번호", "비밀번호"),
        ("\u202e뒤집기\u202c", "뒤집기"),
        ("줄\u2028나눔", "줄 나눔"),
        ("널\x00문자", "널문자"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("👩‍🔬 실험", "👩‍🔬 실험"),
        ("👍🏽\u200d", "👍🏽\u200d"),
        ("가\u200d나", "가나"),
        ("\ufeff시작", "시작"),
    ],
)
def test_a_title(written: str, stored: str) -> None:
    assert read_title(written) == stored


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\u200b\u200d", "\u3164", "\u2800", "\u00a0"])
def test_what_shows_nothing_is_missing(blank: str) -> None:
    assert read_title(blank) is FieldErrorCode.REQUIRED
    assert read_body(blank) is FieldErrorCode.REQUIRED


def test_lengths_are_those_of_the_stored_text() -> None:
    decomposed = unicodedata.normalize("NFD", "각" * MAX_TITLE)
    assert read_title(decomposed) == "각" * MAX_TITLE
    assert read_title("각" * (MAX_TITLE + 1)) is FieldErrorCode.TOO_LONG
    assert read_body("가" * MAX_BODY) == "가" * MAX_BODY
    assert read_body("가" * (MAX_BODY + 1)) is FieldErrorCode.TOO_LONG
    assert read_body("가" * 1_000_000) is FieldErrorCode.TOO_LONG


def test_half_a_character_is_refused() -> None:
    assert read_title("제목\ud800") is FieldErrorCode.INVALID


def test_a_tower_of_marks_is_cut_to_what_languages_need() -> None:
    stored = read_body("a" + "\u0335" * 10_000)
    assert stored == "a" + "\u0335" * 8
    assert read_body("q" + "\u0323\u0307") == "q" + "\u0323\u0307"


def test_lines_stay_and_empty_ones_are_few() -> None:
    assert read_body("하나\r\n둘\r셋\n\n\n\n\n\n넷") == "하나\n둘\n셋\n\n\n넷"


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt_of("하나\n\n둘") == "하나 둘"
    long = excerpt_of("가나다 " * 100)
    assert len(long) <= 140
    assert long.endswith("…")
