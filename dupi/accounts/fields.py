"""What a person types in, checked and put into one form. Problems are told for all fields at once.

Each ``read_…`` returns the value to store, or the code of what is wrong with it.
"""

import unicodedata
from typing import Final

from email_validator import EmailNotValidError, validate_email

from dupi.errors import FieldErrorCode, FieldProblem, InvalidInput

MIN_PASSWORD: Final = 10
MAX_PASSWORD: Final = 128
MIN_NICKNAME: Final = 2
MAX_NICKNAME: Final = 20
MAX_EMAIL: Final = 254
OLDEST: Final = 120
GROWN_FROM: Final = 15
"""Under-14s may not join without a guardian. Only the birth year is known: whoever turns 14 or
less by the year's end may still be 13."""

# Control, format (bidi overrides, zero-width), surrogate, private use, unassigned; separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters by category, but nothing is seen."""


def check(**fields: object) -> None:
    """Raise InvalidInput for every field (by contract name) that came out as a problem."""
    problems = [
        FieldProblem((name,), value)
        for name, value in fields.items()
        if isinstance(value, FieldErrorCode)
    ]
    if problems:
        raise InvalidInput(problems)


def read_email(text: str) -> str | FieldErrorCode:
    """NFC, lower case in both parts: two accounts that differ in case only help nobody."""
    if not text.strip():
        return FieldErrorCode.REQUIRED
    if len(text) > MAX_EMAIL:
        return FieldErrorCode.TOO_LONG
    try:
        address = validate_email(text.strip(), check_deliverability=False)
    except (EmailNotValidError, UnicodeError):
        return FieldErrorCode.INVALID
    return address.normalized.casefold()


def read_password(text: str) -> str | FieldErrorCode:
    """NFC, so that one password is one text on every keyboard."""
    try:
        password = unicodedata.normalize("NFC", text)
        password.encode()
    except UnicodeError:
        return FieldErrorCode.INVALID
    if len(password) < MIN_PASSWORD:
        return FieldErrorCode.TOO_SHORT
    return FieldErrorCode.TOO_LONG if len(password) > MAX_PASSWORD else password


def read_nickname(text: str) -> str | FieldErrorCode:
    """NFC, single spaces, nothing that is not seen."""
    if len(text) > MAX_NICKNAME * 10:
        return FieldErrorCode.TOO_LONG
    nickname = " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()
    if any(is_unseen(character) for character in nickname):
        return FieldErrorCode.INVALID
    nickname = " ".join(nickname.split())
    if len(nickname) < MIN_NICKNAME:
        return FieldErrorCode.TOO_SHORT
    return FieldErrorCode.TOO_LONG if len(nickname) > MAX_NICKNAME else nickname


def read_birth_year(birth_year: int, *, this_year: int) -> int | FieldErrorCode:
    if this_year - OLDEST <= birth_year <= this_year:
        return birth_year
    return FieldErrorCode.OUT_OF_RANGE


def needs_guardian(birth_year: int, *, this_year: int) -> bool:
    return this_year - birth_year < GROWN_FROM


def read_user_agent(text: str | None) -> str | None:
    """What a session is shown with: at most 200 printable characters."""
    if not text:
        return None
    return "".join(character for character in text[:200] if character.isprintable()) or None


def is_unseen(character: str) -> bool:
    """Whether nothing, or nothing certain, is shown of it."""
    return unicodedata.category(character) in _UNSEEN or character in _FILLERS
