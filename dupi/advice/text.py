"""What a sentence is made of: its plain form, its letters, its likeness to another."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from dupi.knowledge.vocabulary import Severity

SAME: Final = 0.9
"""From this likeness on (Dice, over pairs of letters) two sentences say the same."""
LEAST_SYLLABLES: Final = 2
CROWDED: Final = 5
RUN: Final = 4

COUNTS: Final = "한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|한두|두세|서너|몇"

_INVISIBLE: Final = frozenset({"Cf", "Cc", "Co", "Cn", "Cs", "Mn", "Me"})
_LONE_ONSET: Final = re.compile("(?<=[\u1161-\u1175])[\u1100-\u1112](?![\u1161-\u1175])")
_STRANGE: Final = re.compile(r"[^가-힣0-9 \t\n.,~/·!?%()\-'\"“”‘’:]")
_SYLLABLE: Final = re.compile("[가-힣]")
_SIGNS: Final = re.compile(r"[\W_]+")
_POLITE: Final = re.compile(
    r"(?:[을는은](?:것이|편이|게|쪽이|것을|쪽을))?(?:주|보)?(?:세요|시면좋아요|시는것이좋아요|시길권해드려요"
    r"|좋아요|좋습니다|권해드려요|해요|합니다|예요|이에요|입니다)$"
)
_GRADES: Final = tuple(grade.korean for grade in Severity)
"""A summary may tell one grade of all conditions."""
_CHUNKS: Final = re.compile(r"(.{2,20}?)\1\1|(.)\2{3}")


def plain(text: str) -> str:
    """``text`` as it reads: wide, split and lone letters composed, what cannot be seen left out."""
    apart = unicodedata.normalize("NFKD", text)
    seen = "".join(c for c in apart if c in "\n\t" or unicodedata.category(c) not in _INVISIBLE)
    return unicodedata.normalize("NFC", _LONE_ONSET.sub(_as_coda, seen))


def _as_coda(match: re.Match[str]) -> str:
    """The final letter of a syllable that was typed letter by letter."""
    onset = match.group()
    try:
        return unicodedata.lookup(unicodedata.name(onset).replace("CHOSEONG", "JONGSEONG"))
    except KeyError:
        return onset


def is_korean(text: str) -> bool:
    """Hangul syllables in use (those of KS X 1001), digits and plain signs only."""
    syllables = "".join(_SYLLABLE.findall(text))
    if _STRANGE.search(text) or len(syllables) < LEAST_SYLLABLES:
        return False
    try:
        syllables.encode("euc-kr")
    except UnicodeEncodeError:
        return False
    return True


def repeats(text: str) -> bool:
    """A word said twice in a row, a phrase said twice, a chunk thrice ("샴푸샴푸샴푸"), or a
    sentence that is crowded with one word."""
    words = [word.strip(".,!?") for word in text.split()]
    if any(a == b and len(a) > 1 for a, b in pairwise(words)) or _crowded(words):
        return True
    runs = [tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)]
    return len(set(runs)) < len(runs) or bool(_CHUNKS.search(squeezed(text)))


def _crowded(words: Iterable[str]) -> bool:
    heads = Counter(word[:2] for word in words if word and not word.startswith(_GRADES))
    return any(count >= CROWDED for count in heads.values())


def squeezed(text: str) -> str:
    """Letters and digits alone."""
    return _SIGNS.sub("", text)


def gist(text: str) -> str:
    """What is left of a sentence without signs, spaces and the ending that makes it polite."""
    return _POLITE.sub("", squeezed(text))


def alike(one: str, other: str) -> bool:
    """Whether two gists say the same."""
    if one == other:
        return True
    pairs, others = Counter(pairwise(one)), Counter(pairwise(other))
    total = pairs.total() + others.total()
    return bool(total) and 2 * (pairs & others).total() / total >= SAME
