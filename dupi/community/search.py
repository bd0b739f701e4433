"""Searching posts for parts of words, in title and body, on every store alike.

A post keeps its words as ``search_text`` and, as ``grams``, every character and every pair of
neighbours in it. A search asks for the grams of what is looked for, by which a store that can
index lists finds few candidates, and for the text itself, which decides. No text index: stores
differ in those, and Korean is searched by parts of words.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from dupi.community.texts import plain_text
from dupi.errors import FieldErrorCode, InvalidInput

MAX_QUERY: Final = 100
_MAX_WORDS: Final = 8
_GRAMS_ASKED: Final = 12
"""More would hardly narrow it down, and each is looked up."""


def searchable(title: str, body: str) -> dict[str, Any]:
    """``search_text`` and ``grams`` of a post."""
    text = _folded(f"{title} {body}")
    return {"search_text": text, "grams": sorted(set(_grams(text)))}


def search_filter(query: str | None) -> dict[str, Any]:
    """Finds posts that hold every word of ``query``; blank is no search.

    Raises InvalidInput (``search``): too long, too many words.
    """
    if query is None or not query.strip():
        return {}
    if len(query) > MAX_QUERY:
        raise InvalidInput.at("search", code=FieldErrorCode.TOO_LONG)
    words = sorted(set(_folded(query).split()))
    if not words:
        raise InvalidInput.at("search")
    if len(words) > _MAX_WORDS:
        raise InvalidInput.at("search", code=FieldErrorCode.TOO_MANY)
    return {
        "grams": {"$all": _asked(words)},
        "$and": [{"search_text": {"$regex": re.escape(word)}} for word in words],
    }


def _asked(words: list[str]) -> list[str]:
    """Some grams of every word; pairs where there are any, for they are rarer."""
    each = max(1, _GRAMS_ASKED // len(words))
    asked = [gram for word in words for gram in _spread(list(_pairs(word)) or [word], each)]
    return sorted(set(asked))


def _spread(grams: list[str], at_most: int) -> list[str]:
    step = max(1, -(-len(grams) // at_most))
    return grams[::step]


def _grams(text: str) -> Iterator[str]:
    for word in text.split():
        yield from word
        yield from _pairs(word)


def _pairs(word: str) -> Iterator[str]:
    return (word[start : start + 2] for start in range(len(word) - 1))


def _folded(text: str) -> str:
    """NFC without upper case, words with one space between each two."""
    return " ".join(unicodedata.normalize("NFC", plain_text(text).casefold()).split())
