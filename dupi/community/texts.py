"""What people write on the board, checked and put into one form. It is plain text: whoever shows
it escapes it.

Text is NFC. What is not seen (control and format characters, such as zero-width ones and bidi
overrides) is taken out rather than refused: keyboards and copied text bring it along. Joiners stay
inside emoji. Each ``read_…`` returns the text to store, or the code of what is wrong with it.
"""

import re
import unicodedata
from typing import Final

from dupi.accounts.fields import is_unseen
from dupi.errors import FieldErrorCode

MAX_TITLE: Final = 100
MAX_BODY: Final = 5000
MAX_COMMENT: Final = 1000
MAX_NOTE: Final = 500
_EXCERPT: Final = 140
_RAW_FACTOR: Final = 4
"""Decomposed Korean is three characters for one, and what is not seen comes on top."""
_MARKS_IN_A_ROW: Final = 8
_BLANK_LINES: Final = re.compile(r"\n{4,}")
_LINE_ENDS: Final = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
_JOINER: Final = "\u200d"
_BLANK: Final = "\u2800"
"""A sign by category, of which nothing is seen."""

Read = str | FieldErrorCode


def read_title(text: str) -> Read:
    """One line."""
    return _read(text, MAX_TITLE, one_line=True)


def read_body(text: str) -> Read:
    return _read(text, MAX_BODY)


def read_comment(text: str) -> Read:
    return _read(text, MAX_COMMENT)


def read_note(text: str) -> Read:
    """Of a report, or the reason for hiding something."""
    return _read(text, MAX_NOTE)


def excerpt_of(body: str) -> str:
    """The beginning, in one line."""
    line = _one_line(body)
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1].rstrip() + "…"


def plain_text(text: str) -> str:
    """NFC, line ends as ``\\n``, without what is not seen and without towers of marks."""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text)):
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= _MARKS_IN_A_ROW and _stays(character, kept):
            kept.append(character)
    return "".join(kept)


def _read(text: str, most: int, *, one_line: bool = False) -> Read:
    if len(text) > most * _RAW_FACTOR:
        return FieldErrorCode.TOO_LONG
    if any(unicodedata.category(character) == "Cs" for character in text):
        return FieldErrorCode.INVALID  # half a character: nobody can have typed it
    plain = plain_text(text)
    plain = _one_line(plain) if one_line else _BLANK_LINES.sub("\n\n\n", plain).strip()
    if not plain.replace(_BLANK, "").strip():
        return FieldErrorCode.REQUIRED
    return FieldErrorCode.TOO_LONG if len(plain) > most else plain


def _stays(character: str, before: list[str]) -> bool:
    if character in "\n\t":
        return True
    if character == _JOINER:
        return bool(before) and _joins(before[-1])
    # What this Python does not know yet may be a new emoji.
    return not is_unseen(character) or unicodedata.category(character) == "Cn"


def _joins(before: str) -> bool:
    """Whether a joiner may follow: an emoji, its colour or its style."""
    return before == "\ufe0f" or unicodedata.category(before) in {"So", "Sk", "Cn"}


def _one_line(text: str) -> str:
    return " ".join(text.split())
