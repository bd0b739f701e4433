"""Words that an advice never holds, whatever the plan says (``banned.toml``)."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

_GAP: Final = r"[\W_]{1,3}"
_DATA: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("banned.toml").read_text("utf-8")
)


def _split(word: str) -> str:
    """``word``, or its syllables apart ("진 단", but not the "진 단" in "사진 단계")."""
    return rf"{word}|(?<![가-힣]){_GAP.join(word)}"


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


CLAIMS: Final = _any((*map(_split, _DATA["claims"]["words"]), *_DATA["claims"]["patterns"]))
"""Claims of diagnosis, treatment or cure, of certainty, and advice against seeing a doctor."""

DRUGS: Final = _any(_DATA["drugs"]["patterns"])
DOSES: Final = _any(_DATA["doses"]["patterns"])

FOREIGN: Final[tuple[str, ...]] = tuple(_DATA["foreign"]["words"])
"""Things that may be named only where the plan names them."""

NOT_KOREAN: Final = re.compile(r"[^가-힣0-9\s.,~/·!?%()\-'\"“”‘’:]")
"""Anything but Hangul syllables, digits and plain signs."""
