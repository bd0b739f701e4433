"""What people type in."""

import unicodedata

import pytest

from dupi.accounts.fields import (
    needs_guardian,
    read_birth_year,
    read_email,
    read_nickname,
    read_password,
    read_user_agent,
)
from dupi.errors import FieldErrorCode as Code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mina.Kim+dupi@Example.COM", "mina.kim+dupi@example.com"),
        (" mina@example.com\n", "mina@example.com"),
        ("", Code.REQUIRED),
        ("  ", Code.REQUIRED),
        ("mina", Code.INVALID),
        ("mina@", Code.INVALID),
        ("a@b@example.com", Code.INVALID),
        ("mina@exa mple.com", Code.INVALID),
        ("mina@[127.0.0.1]", Code.INVALID),
        ("\ud800@example.com", Code.INVALID),
        ("mi\u202ena@example.com", Code.INVALID),
        ("x" * 300 + "@example.com", Code.TOO_LONG),
    ],
)
def test_email(text: str, expected: str) -> None:
    assert read_email(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("미나", "미나"),
        (unicodedata.normalize("NFD", "미나"), "미나"),
        ("  두피   지킴이 ", "두피 지킴이"),
        ("😀😀", "😀😀"),
        ("가" * 20, "가" * 20),
        ("가", Code.TOO_SHORT),
        ("", Code.TOO_SHORT),
        ("   ", Code.TOO_SHORT),
        ("가" * 21, Code.TOO_LONG),
        ("x" * 1_000_000, Code.TOO_LONG),
        ("가\u200b나", Code.INVALID),
        ("가\u202e나", Code.INVALID),
        ("가\u2066나", Code.INVALID),
        ("가\x00나", Code.INVALID),
        ("가\n나", Code.INVALID),
        ("가\ud800나", Code.INVALID),
        ("\u3164\u3164", Code.INVALID),
        ("가\ue000나", Code.INVALID),
    ],
)
def test_nickname(text: str, expected: str) -> None:
    assert read_nickname(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0123456789", "0123456789"),
        ("비밀번호는열글자이상", "비밀번호는열글자이상"),
        (unicodedata.normalize("NFD", "비밀번호는열글자이상"), "비밀번호는열글자이상"),
        ("012345678", Code.TOO_SHORT),
        ("x" * 128, "x" * 128),
        ("x" * 129, Code.TOO_LONG),
        ("\ud800" * 12, Code.INVALID),
        ("          ", "          "),
    ],
)
def test_password(text: str, expected: str) -> None:
    assert read_password(text) == expected


@pytest.mark.parametrize(
    ("year", "expected"),
    [(1906, 1906), (2026, 2026), (1905, Code.OUT_OF_RANGE), (2027, Code.OUT_OF_RANGE)],
)
def test_birth_year(year: int, expected: object) -> None:
    assert read_birth_year(year, this_year=2026) == expected


def test_guardian() -> None:
    assert needs_guardian(2012, this_year=2026)
    assert not needs_guardian(2011, this_year=2026)


def test_user_agent() -> None:
    assert read_user_agent("Mozilla/5.0\r\n\x1b[31m") == "Mozilla/5.0[31m"
    assert read_user_agent("x" * 1000) == "x" * 200
    assert read_user_agent("") is None
