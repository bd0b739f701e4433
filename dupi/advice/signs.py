"""What a sentence says is on a scalp, in the vocabulary's words or in everyday ones.

The words stand in ``signs.toml``. All looks at plain text (:func:`dupi.advice.text.plain`).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dupi.knowledge.vocabulary import Condition, Severity

_DATA: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("signs.toml").read_text("utf-8")
)
ELEVATED: Final = frozenset({Severity.MILD, Severity.MODERATE, Severity.SEVERE})


def _choice(ways: Mapping[str, Any]) -> re.Pattern[str]:
    """One group for each of the ways, in their order."""
    return re.compile("|".join(f"({way})" for way in ways))


_NAMES: Final = {
    f"(?:{'|'.join(ways)})": Condition(condition) for condition, ways in _DATA["names"].items()
}
_WORDS: Final = {False: {**_DATA["grades"], **_DATA["grades_of_summary"]}, True: _DATA["grades"]}
"""Grade words, by whether the sentence is advising."""
_LEVELS: Final = {
    advising: [frozenset(map(Severity, grades)) for grades in words.values()]
    for advising, words in _WORDS.items()
}
_NAME: Final = _choice(_NAMES)
_LEVEL: Final = {advising: _choice(words) for advising, words in _WORDS.items()}
_SEEN: Final = re.compile("|".join(_DATA["seen"]["patterns"]))
_PLAINLY_SEEN: Final = re.compile("|".join(_DATA["seen"]["plainly"]))
_IS_SO: Final = re.compile("이니|이므로|이라서|인 만큼|라서")
_NEAR: Final = 14
"""Letters after its subject, within which a sentence of advice says what is there."""
_SIGNS: Final = [
    (re.compile(way), frozenset(map(Condition, conditions)))
    for way, conditions in _DATA["signs"].items()
]
_LACKS: Final = [
    (re.compile(way), frozenset(map(Condition, conditions)))
    for way, conditions in _DATA["lacks"].items()
]
_BEFORE: Final = re.compile(r"(가벼운|경미한|심한|심각한) $")
_BEFORE_GRADES: Final = {"가벼운": Severity.MILD, "경미한": Severity.MILD}
_UNLESS: Final = re.compile(r"\S+[이가] 아니라 ?")


@dataclass(frozen=True, slots=True)
class Claim:
    """That one of ``conditions`` has one of ``grades``. No grades: that it was deferred."""

    conditions: frozenset[Condition]
    grades: frozenset[Severity]
    graded: bool
    """Whether a grade was named, and not only something that is there."""


def named_conditions(text: str) -> frozenset[Condition]:
    """Conditions that ``text`` calls by name."""
    return frozenset(condition for condition, _ in _names(text))


def claims_by_name(text: str, *, advising: bool = False) -> Iterator[Claim]:
    """Each condition named, with what is said of it next.

    ``비듬과 탈모는 경증`` gives both the same; ``심한 비듬`` has the grade before the name.
    ``advising``: the sentence is about what to do, and speaks of this scalp only where it says so
    in so many words ("비듬이 보이니"), not in general ("비듬이 쌓이면").
    """
    text = _UNLESS.sub("", text)
    for condition, name in _names(text):
        before = _BEFORE.search(text[: name.start()])
        if before:
            grade = _BEFORE_GRADES.get(before.group(1), Severity.SEVERE)
            yield Claim(frozenset({condition}), frozenset({grade}), graded=True)
        else:
            yield from _claim(text, name.end(), name.end(), frozenset({condition}), advising)


def claims_by_sign(text: str, *, advising: bool = False) -> Iterator[Claim]:
    """What is said to be seen in everyday words, where no condition is named."""
    text = _UNLESS.sub("", _NAME.sub("", text))
    for pattern, conditions in _SIGNS:
        for sign in pattern.finditer(text):
            yield from _claim(text, sign.start(), sign.end(), conditions, advising)
    for pattern, conditions in _LACKS:
        if not advising and pattern.search(text):
            yield from (_none(condition) for condition in conditions)


def _claim(
    text: str, start: int, end: int, conditions: frozenset[Condition], advising: bool
) -> Iterator[Claim]:
    """The first thing that is said from ``start`` on."""
    last = end + _NEAR if advising else len(text)
    level = _LEVEL[advising].search(text, start, last)
    seen = _IS_SO.match(text, end) if advising else None
    seen = seen or (_PLAINLY_SEEN if advising else _SEEN).search(text, start, last)
    if level and (not seen or level.start() <= seen.start()):
        grades = _LEVELS[advising][(level.lastindex or 1) - 1]
        if grades == {Severity.NONE}:
            yield from (_none(condition) for condition in conditions)
        else:
            yield Claim(conditions, grades, graded=True)
    elif seen:
        yield Claim(conditions, ELEVATED, graded=False)


def _none(condition: Condition) -> Claim:
    return Claim(frozenset({condition}), frozenset({Severity.NONE}), graded=True)


def _names(text: str) -> Iterator[tuple[Condition, re.Match[str]]]:
    conditions = list(_NAMES.values())
    for match in _NAME.finditer(text):
        yield conditions[(match.lastindex or 1) - 1], match
