"""Grades replies by the very checks that guard what people read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from dupi.advice.prompts import reply_opening
from dupi.advice.replies import ReplyReader, ReplyRejected
from dupi.knowledge.rulebook import NEWEST
from llm_server.training.pairs import AdvicePair, pairs

SHOWN: Final = 160


@dataclass(slots=True)
class Grades:
    total: int = 0
    passed: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def pass_rate(self) -> float:
        return self.passed / max(1, self.total)


def unseen_pairs(count: int, seed: int = 9_001, *, edition: str = NEWEST) -> list[AdvicePair]:
    """Pairs of cases that are never trained on; plans are of the rules' ``edition``."""
    return list(islice(pairs(seed, test=True, edition=edition), count))


def refusal(pair: AdvicePair, reply: str) -> ReplyRejected | None:
    """Why this reply would be refused, or ``None``."""
    reader = ReplyReader(pair.case, pair.plan)
    try:
        reader.feed(reply_opening(pair.case))
        reader.feed(reply)
        reader.finish()
    except ReplyRejected as rejected:
        return rejected
    return None


def grade_replies(cases: Sequence[AdvicePair], replies: Iterable[str]) -> Grades:
    grades = Grades()
    for pair, reply in zip(cases, replies, strict=True):
        grades.total += 1
        rejected = refusal(pair, reply)
        if rejected:
            grades.refusals[rejected.code] += 1
            grades.failures.append(str(rejected)[:SHOWN])
        else:
            grades.passed += 1
    return grades


def distinct_ngrams(texts: Iterable[str], n: int = 4) -> float:
    """Share of word n-grams that are unique over all texts."""
    grams = [
        tuple(words[i : i + n])
        for words in (text.split() for text in texts)
        for i in range(len(words) - n + 1)
    ]
    return len(set(grams)) / max(1, len(grams))
