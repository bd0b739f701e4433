"""What is measured of replies: coverage, repetition, variety, length, pace."""

import re
from collections.abc import Iterable, Sequence
from statistics import mean, median, quantiles
from typing import Final

from dupi.advice.checks import planned_rules, repeats
from dupi.knowledge.rulebook import rulebook
from llm_server.training.pairs import AdvicePair

SENTENCE: Final = re.compile(r"[^.!?\n\[\]]+[.!?]+")


def sentences_of(reply: str) -> list[str]:
    """Sentences that have come to their end."""
    return [match.group().strip() for match in SENTENCE.finditer(reply)]


def coverage(pair: AdvicePair, reply: str) -> float:
    """Share of the planned actions and steps that the reply speaks of, right or wrong."""
    book = rulebook(pair.plan.edition)
    steps = [book.step(step.text) for step in pair.plan.routine]
    planned = [*planned_rules(pair.plan), *steps]
    told = sum(any(key in reply for key in one.keys) for one in planned)
    return told / len(planned) if planned else 1.0


def repeats_itself(reply: str) -> bool:
    """A sentence twice, or a word or phrase over and over in one."""
    sentences = sentences_of(reply)
    return len(set(sentences)) < len(sentences) or any(map(repeats, sentences or [reply]))


def distinct(texts: Iterable[str], n: int) -> float:
    """Share of word n-grams over all texts that differ from each other."""
    grams = [
        tuple(words[i : i + n])
        for words in (text.split() for text in texts)
        for i in range(len(words) - n + 1)
    ]
    return len(set(grams)) / max(1, len(grams))


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, median, 95th percentile and greatest; empty where there is nothing."""
    if not values:
        return {}
    high = quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    figures = {"mean": mean(values), "median": median(values), "p95": high, "max": max(values)}
    return {name: round(value, 3) for name, value in figures.items()}
