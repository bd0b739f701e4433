"""The little Korean grammar that rules and texts need: particles and verb endings."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

_FIRST: Final = 0xAC00
_LAST: Final = 0xD7A3
_FINALS: Final = 28
_RIEUL: Final = 8


class Ending(StrEnum):
    """How an advice ends; ``a``, ``neun`` and ``myeon`` are the verb's forms."""

    PLEASE = "{a} 주세요"
    GOOD = "{neun} 것이 좋아요"
    BETTER = "{neun} 편이 좋아요"
    HELPS = "{myeon} 도움이 돼요"
    TRY = "{a} 보세요"


def josa(word: str, pair: str) -> str:
    """``word`` with the fitting particle of ``pair``: ``josa("비듬", "은/는")`` is 비듬은."""
    with_final, without_final = pair.split("/")
    final = _final(word)
    if pair == "으로/로" and final == _RIEUL:
        return word + without_final
    return word + (with_final if final else without_final)


def _final(word: str) -> int:
    code = ord(word[-1])
    return (code - _FIRST) % _FINALS if _FIRST <= code <= _LAST else 0


def listed(words: Sequence[str]) -> str:
    """가 · 가와 나 · 가, 나와 다."""
    if len(words) < 2:
        return "".join(words)
    *before, last = words
    return f"{josa(', '.join(before), '과/와')} {last}"


def say(do: str, ending: Ending, verbs: Mapping[str, tuple[str, str, str]]) -> str:
    """``do`` (ends in a verb of ``verbs`` in dictionary form) with another ending.

    A negation ("손대지 않다") is asked for with 말다 ("손대지 말아 주세요").
    """
    head, _, verb = do.rpartition(" ")
    if verb == "않다" and ending in (Ending.TRY, Ending.HELPS):
        ending = Ending.PLEASE
    a, neun, myeon = verbs[verb]
    return f"{head} {ending.format(a=a, neun=neun, myeon=myeon)}"
