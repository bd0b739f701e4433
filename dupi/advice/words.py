"""Words that the checks know, and what a sentence names (``words.toml``)."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

_DATA: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text("utf-8")
)
NOUNS: Final = frozenset(word for group in _DATA["nouns"].values() for word in group)
_ADVERBS: Final = tuple(_DATA["no_nouns"]["adverbs"])
_AFTER_ADNOMINAL: Final = tuple(_DATA["no_nouns"]["after_adnominal"])
_STEMS: Final = frozenset(_DATA["verbs"]["stems"])
_STARTS: Final = tuple(_DATA["verbs"]["starts"])
_ACTS: Final = frozenset(_DATA["verbs"]["acts"])

ASKS: Final = re.compile("|".join(_DATA["asks"]["patterns"]))
"""Asks for something: a sentence that it matches nowhere only tells."""

_SIGNS: Final = ".,!?~'\"()·:"
_OBJECT: Final = re.compile(r"([가-힣]+?)(?:들|만|쯤|까지|부터)?(를|을|으로|로)$")
_HOLDS: Final = re.compile(
    r"([가-힣]+)[이가] (?:든|들어|함유)"
    r"|([가-힣]+)(?<![은는한운인된록고서며로의이가운선른든던큼니까]) 성분"
)
_ASKED: Final = re.compile(
    r"(\S+) (?:주세요|주십시오|주시|보세요|보시|두세요|두시)|(\S+?)(?:으세요|세요)[.!]?$"
    r"|(\S+?)(?:는|은) (?:(?:것[은이]|편이|게|쪽이) (?:더 )?[좋나]|(?:것을|쪽을) (?:권|추천))"
    r"|(\S+?)(?:으면|면) (?:돼|됩|좋|도움|충분)|(\S+?)(?:으셔도|셔도) (?:돼|됩|좋|괜찮|충분)"
)
_NO_VERB: Final = re.compile(r"^(?:주|보|두|드리|계|하|마)$|^[주보두]시|(?:[번회]이?|\d)$")
"""Helping verbs, and counts ("주 1회면")."""
# What may follow a whole stem: the vowel that joins it to "주세요", a helping verb, the honorific.
_ENDING: Final = re.compile(
    r"[아어여으리려러르라치쳐기겨키켜우워추춰히혀이]?"
    r"(?:보|봐|두|주|드리)?(?:으?시|으?셔)?"
)
_PARTICLES: Final = re.compile(
    r"(?<=[가-힣])(?:들|만|쯤|까지|부터)?(?:를|을|이|가|은|는|의|에|에서|에만|로|으로"
    r"|와|과|도|대로|보다|이나|나|하다|하기|하지)$"
)
_DOES: Final = re.compile(r"^(.*?)(?:해|하|할|한)[가-힣]{0,4}$")


@dataclass(frozen=True, slots=True)
class Also:
    """Beside an action's keys: other ways to speak of it, and what may then be named."""

    ways: re.Pattern[str] | None
    things: tuple[str, ...]


@cache
def also() -> Mapping[str, Also]:
    """By the code of the action or step."""
    return {code: _also(row) for code, row in _DATA["also"].items()}


def _also(row: Mapping[str, Any]) -> Also:
    ways = row.get("ways", ())
    return Also(re.compile("|".join(ways)) if ways else None, tuple(row.get("things", ())))


def unknown_things(text: str, allowed: str) -> Iterator[str]:
    """Nouns that the sentence does something to or with, and that are neither always known nor
    whole words of ``allowed``."""
    words, known = [word.strip(_SIGNS) for word in text.split()], _words_of(allowed)
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        match = _OBJECT.search(word)
        if match and not _is_other(word, match.group(2), following):
            noun = match.group(1)
            if not _known(noun, known):
                yield noun
    for match in _HOLDS.finditer(text):
        noun = match.group(1) or match.group(2)
        if not _known(noun, known):
            yield noun


@lru_cache(maxsize=256)
def _words_of(allowed: str) -> frozenset[str]:
    """Its words, as they stand and without their particles."""
    words = {word.strip(_SIGNS) for part in allowed.split() for word in (part, *part.split("/"))}
    return frozenset(words | {_PARTICLES.sub("", word) for word in words})


def _is_other(word: str, particle: str, following: str) -> bool:
    """An adverb or an adnominal verb that only looks like a noun with a particle."""
    if word.endswith(_ADVERBS):
        return True
    return particle in ("을", "를") and following.startswith(_AFTER_ADNOMINAL)


def _known(noun: str, known: frozenset[str]) -> bool:
    if noun in NOUNS or noun in known or len(noun) == 1:
        return True
    cuts = range(1, len(noun))
    return any(noun[:i] in NOUNS and (noun[i:] in NOUNS or noun[i:] in known) for i in cuts)


def unknown_deeds(text: str, allowed: str, verbs: frozenset[str]) -> Iterator[str]:
    """Verbs with which the sentence asks for something, and that are neither always known nor
    among ``verbs``, as they begin."""
    known = _words_of(allowed)
    for match in _ASKED.finditer(text):
        verb = next(group for group in match.groups() if group)
        if (
            not _NO_VERB.search(verb)
            and not verb.endswith(_ADVERBS)
            and not _known_deed(verb, known, verbs)
        ):
            yield verb


def _known_deed(verb: str, known: frozenset[str], verbs: frozenset[str]) -> bool:
    if verb.removesuffix("이") in NOUNS or verb.startswith(_STARTS) or verb.endswith(("히", "에")):
        return True
    if any(_ENDING.fullmatch(verb, end) for end in _ends_of_stems(verb, verbs)):
        return True
    does = _DOES.search(verb)
    noun = does.group(1) if does else ""
    return bool(does) and (not noun or noun in _ACTS or noun in NOUNS or noun in known)


def _ends_of_stems(verb: str, verbs: frozenset[str]) -> Iterator[int]:
    return (i for i in range(1, len(verb) + 1) if verb[:i] in _STEMS or verb[:i] in verbs)


def names(text: str, keys: Iterable[str], code: str, whole: str = "") -> bool:
    """Whether ``text`` speaks of the action ``code`` by its keys, or in another way; ``whole``:
    where the other ways are looked for, if not in ``text``."""
    if any(key in text for key in keys):
        return True
    other = also().get(code)
    return bool(other and other.ways and other.ways.search(whole or text))
