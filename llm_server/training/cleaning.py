"""Cleans what people and files write, before it is read or learnt."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from dupi.knowledge.labels import ENCODING

_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad\x00-\x08\x0b-\x1f\x7f]")
_STRANGE: Final = re.compile(r"[^가-힣A-Za-z0-9\s.,~/·!?%()\-+:\[\]'\"]")
"""Anything but Hangul syllables, Latin letters, digits and plain signs."""
_QUOTES: Final = str.maketrans("‘’“”～∼〜–—", "''\"\"~~~--")


def clean(text: str) -> str:
    """``text`` in plain signs: one form of each letter (half-width digits and Latin, whole Hangul
    syllables), nothing invisible, no emoji, one space between words, none at the ends."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = _STRANGE.sub(" ", _INVISIBLE.sub("", text))
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def clean_record(content: bytes) -> bytes:
    """A JSON file of the data set with every string cleaned; broken files stay as they are, for
    the reader to refuse by name."""
    try:
        record = json.loads(content.decode(ENCODING))
    except (ValueError, RecursionError):
        return content
    if not isinstance(record, dict):
        return content
    return json.dumps(_cleaned(record), ensure_ascii=False).encode(ENCODING)


def _cleaned(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: clean(v) if isinstance(v, str) else v for key, v in record.items()}


def without_repeats(texts: list[str]) -> list[str]:
    """Each text once, in order; texts that differ in spaces and signs only are the same."""
    seen = {re.sub(r"[\W_]+", "", text): text for text in reversed(texts)}
    return list(reversed(seen.values()))
