"""What the rules themselves say of an action, and the words that it lets a sentence use."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from dupi.advice.words import also
from dupi.knowledge.rulebook import ActionRule, Phrased, rulebook

_HELPERS: Final = frozenset({"않다", "하다", "말다"})


@cache
def sayings(rule: Phrased) -> str:
    """Everything that the rules themselves say about ``rule``, and what it may name."""
    reason = rule.reason if isinstance(rule, ActionRule) else ""
    other = also().get(rule.code)
    things = other.things if other else ()
    return " ".join((rule.text, reason, *rule.do, *rule.because, *rule.keys, *things))


@cache
def verb_stems(rule: Phrased, edition: str) -> frozenset[str]:
    """The verbs that ``rule`` is worded with, as they begin."""
    verbs = rulebook(edition).verbs
    lasts = [next((w for w in reversed(do.split()) if w not in _HELPERS), "") for do in rule.do]
    stems = {word.removesuffix("다") for word in lasts if word}
    return frozenset(stems | {verbs[word][0] for word in lasts if word in verbs})


def verbs_of(rules: Iterable[Phrased], edition: str) -> frozenset[str]:
    return frozenset(stem for rule in rules for stem in verb_stems(rule, edition))
