"""How alike texts are: word n-grams."""

import random
from collections.abc import Sequence
from statistics import mean, quantiles
from typing import Final

SAMPLED: Final = 5_000


def ngrams(text: str, n: int = 4) -> set[tuple[str, ...]]:
    """The word n-grams of ``text``."""
    words = text.split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def self_overlap(texts: Sequence[str], seed: int = 0) -> tuple[float, float]:
    """Mean and 99th percentile of the share of a text's 4-grams that another text has too, over
    random pairs of texts; each in 0 to 1. Needs two texts at least."""
    rng = random.Random(seed)  # noqa: S311 - a sample, not secrets
    shares = [_shared(*rng.sample(texts, 2)) for _ in range(SAMPLED)]
    return mean(shares), quantiles(shares, n=100)[98]


def _shared(one: str, other: str) -> float:
    own = ngrams(one)
    return len(own & ngrams(other)) / max(1, len(own))
