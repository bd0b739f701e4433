"""Words that an advice never holds, whatever the plan says (``banned.toml``).

All looks at plain text (:func:`dupi.advice.text.plain`).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

_GAP: Final = r"[\W_]{1,3}"
_DATA: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("banned.toml").read_text("utf-8")
)
_CLAIMS: Final = _DATA["claims"]

# What follows a claim and takes it back: "진단이 아니라", "치료하는 것은 아니".
_DENIED: Final = re.compile(
    r"(?:(?:이나|나|하거나|[과와·,]) ?[가-힣]{2,6}?)?"
    r"(?:[을를])?(?: ?하는| ?하려는)?(?: ?것)?[이가은는을를도]? ?"
    r"(?:아니(?!지)|아닙|아닌(?! [것게])|대신하(?:지|는 것[은이]? 아)"
    r"|대신할 수(?:는)? 없|할 수(?:는)? 없|하지(?:는)? 않(?!으?면|아도)"
    r"|드리지(?:는)? 않(?!으?면|아도))"
)
_TWICE_DENIED: Final = re.compile(
    r"(?:아닌|않는|없는) [것게]\S* ?아니|아니지[는도]? 않|아닐 수[는가]? 없"
)
_NOT_SO: Final = re.compile(
    r"^\S{0,4}지[는도]? (?:않|못)|^\S{0,4} 수[는도]? 없|^\S{0,4} ?것[은이]? 아니"
)
# A doctor's treatment, of which a person beside a referral may be told.
_DOCTORS: Final = re.compile("의사|병원|피부과|전문의|받고 계")
_GIVEN: Final = re.compile(r"(?:치료|처방|진단)[를을이가]? ?(?:받(?:은|고|는|기)|중|필요한지)")


def _split(word: str) -> str:
    """``word``, or its syllables apart ("진 단", but not the "진 단" in "사진 단계")."""
    return rf"{word}|(?<![가-힣]){_GAP.join(word)}"


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _then(first: str, second: str, words_between: int) -> re.Pattern[str]:
    """One of the list ``first``, and soon one of the list ``second``."""
    between = rf"\S{{0,8}}(?: \S{{1,12}}){{0,{words_between}}}? ?"
    one, two = "|".join(_CLAIMS[first]), "|".join(_CLAIMS[second])
    return re.compile(rf"(?:{one}){between}(?:{two})")


_WORDS: Final = _any(map(_split, _CLAIMS["words"]))
_NEVER: Final = _any(_CLAIMS["patterns"])
_DISEASES: Final = _any(_CLAIMS["diseases"])
_INNOCENT: Final = _any(_CLAIMS["innocent"])
_PROMISES: Final = (_then("certain", "outcomes", 3), _then("troubles", "endings", 2))

DRUGS: Final = _any([*map(_split, _DATA["drugs"]["spelled"]), *_DATA["drugs"]["patterns"]])
DOSES: Final = _any(_DATA["doses"]["patterns"])
OUTSIDE: Final = _any(_DATA["outside"]["patterns"])

FOREIGN: Final[tuple[str, ...]] = tuple(_DATA["foreign"]["words"])
"""Things that may be named only where the plan or the answers name them."""


def claims(text: str, *, refers: bool) -> bool:
    """Whether ``text`` says that the product diagnoses, treats or cures, promises a result, or
    talks someone out of seeing a doctor. ``refers``: the plan sends the person to a doctor."""
    if _NEVER.search(text) or _TWICE_DENIED.search(text):
        return True
    if _DISEASES.search(_INNOCENT.sub("", text)):
        return True
    return any(_promises(text)) or any(
        not _DENIED.match(text, word.end()) and not (refers and _by_a_doctor(text, word))
        for word in _WORDS.finditer(text)
    )


def _promises(text: str) -> Iterator[bool]:
    for pattern in _PROMISES:
        for match in pattern.finditer(text):
            yield not _NOT_SO.search(text[match.end() :])


def _by_a_doctor(text: str, word: re.Match[str]) -> bool:
    return bool(_DOCTORS.search(text) and _GIVEN.match(text, word.start()))
