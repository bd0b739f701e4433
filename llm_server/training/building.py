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
from llm_server.training.pairs import AdvicePair, combination, is_test_case, pair_of, people
from llm_server.training.people import FilesRead, people_of_files

SPLITS: Final = ("train", "test")


class BadPair(Exception):
    """A pair that must not be learnt."""


@dataclass(slots=True)
class Built:
    """Pairs by split, and what was met while they were made."""

    pairs: dict[str, list[AdvicePair]] = field(default_factory=lambda: {s: [] for s in SPLITS})
    combinations: dict[str, set[str]] = field(default_factory=lambda: {s: set() for s in SPLITS})
    drawn_anew: Counter[str] = field(default_factory=Counter)
    texts: set[str] = field(default_factory=set)
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
    wanted = {"train": count, "test": tests}
    files = people_of_files(labels, built.files) if labels else iter(())
    drawn = (case for split in SPLITS for case in _drawn(rng, built, split, wanted[split]))
    for case in chain(files, drawn):
        split = "test" if is_test_case(case) else "train"
        if len(built.pairs[split]) < wanted[split] and _add(built, split, case, rng):
            tick()
    for pairs in built.pairs.values():
        rng.shuffle(pairs)
    check_split(built)
    return built


def _drawn(rng: random.Random, built: Built, split: str, wanted: int) -> Iterator[Case]:
    """People of ``split``, until there are enough."""
    for case, _ in people(rng, test=split == "test"):
        if len(built.pairs[split]) >= wanted:
            return
        yield case


def _add(built: Built, split: str, case: Case, rng: random.Random) -> bool:
    """Whether a pair for ``case`` was new."""
    pair = pair_of(case, rng, built.drawn_anew)
    if pair.reply in built.texts:
        built.repeated += 1
        return False
    check_pair(pair)
    built.texts.add(pair.reply)
    built.pairs[split].append(pair)
    built.combinations[split].add(combination(pair.case))
    return True


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
