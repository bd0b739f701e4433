"""Builds the pairs: unique, passing the reply checks, tested on what is never trained on."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from dupi.knowledge.plan import Case
from llm_server.training.cleaning import clean
from llm_server.training.grading import refusal
from llm_server.training.pairs import AdvicePair, combination, is_test_case, pair_of
from llm_server.training.people import FilesRead, people_of_files, random_case

SPLITS: Final = ("train", "test")


class BadPair(Exception):
    """A pair that must not be learnt."""


@dataclass(slots=True)
class Built:
    """Pairs by split, and what was met while they were made."""

    pairs: dict[str, list[AdvicePair]] = field(default_factory=lambda: {s: [] for s in SPLITS})
    combinations: dict[str, set[str]] = field(default_factory=lambda: {s: set() for s in SPLITS})
    drawn_anew: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    files: FilesRead = field(default_factory=FilesRead)


def build(
    count: int,
    tests: int,
    seed: int,
    labels: Path | None = None,
    *,
    tick: Callable[[], object] = lambda: None,
) -> Built:
    """``count`` unique pairs to train on and ``tests`` to test on; ``tick`` is called for each.

    Raises :class:`BadPair`.
    """
    built, rng = Built(), random.Random(seed)  # noqa: S311 - text, not secrets
    wanted, texts = {"train": count, "test": tests}, set[str]()
    files = people_of_files(labels, built.files) if labels else iter(())
    for case in chain(files, _drawn(rng)):
        split = "test" if is_test_case(case) else "train"
        if len(built.pairs[split]) == wanted[split]:
            if all(len(built.pairs[s]) == wanted[s] for s in SPLITS):
                break
            continue
        pair = pair_of(case, rng, built.drawn_anew)
        if pair.reply in texts:
            built.repeated += 1
            continue
        texts.add(pair.reply)
        _add(built, split, pair)
        tick()
    check_split(built)
    return built


def _add(built: Built, split: str, pair: AdvicePair) -> None:
    check_pair(pair)
    built.pairs[split].append(pair)
    built.combinations[split].add(combination(pair.case))


def _drawn(rng: random.Random) -> Iterator[Case]:
    while True:
        yield random_case(rng)


def check_pair(pair: AdvicePair) -> None:
    """Raises :class:`BadPair` for a reply that would be refused, or that is not clean."""
    rejected = refusal(pair, pair.reply)
    if rejected or clean(pair.reply) != pair.reply:
        raise BadPair(f"{rejected or 'not clean'}\n{pair.reply}")


def check_split(built: Built) -> None:
    """Raises :class:`BadPair` where a combination lies in both splits."""
    both = built.combinations["train"] & built.combinations["test"]
    if both:
        raise BadPair(f"trained on and tested: {sorted(both)[0]}")
