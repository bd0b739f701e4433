"""Judges replies as people would get them: checked, tried again once, else the rules' own text."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import mean
from typing import Any

from dupi.advice.replies import ReplyRejected
from llm_server.training.grading import refusal
from llm_server.training.measures import coverage, distinct, repeats_itself, sentences_of, spread
from llm_server.training.pairs import AdvicePair
from llm_server.training.writers import Reply, Writer


class Outcome(StrEnum):
    """What a person got."""

    FIRST = "first"
    SECOND = "second"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Judged:
    """One case: the first reply, why it was refused, and the text that a person gets."""

    pair: AdvicePair
    reply: Reply
    refused: ReplyRejected | None
    outcome: Outcome
    given: str | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``seconds``: of the first replies, all of them."""

    name: str
    judged: Sequence[Judged]
    seconds: float
    at_once: int
    sampling: dict[str, Any] = field(default_factory=dict)

    def share(self, outcome: Outcome) -> float:
        return sum(one.outcome is outcome for one in self.judged) / max(1, len(self.judged))

    def figures(self) -> dict[str, Any]:
        """All that is measured; the names are those of the JSON file."""
        replies = [one.reply for one in self.judged]
        texts = [reply.text for reply in replies]
        firsts = [reply.first_sentence_s for reply in replies if reply.first_sentence_s is not None]
        tokens = [reply.tokens for reply in replies]
        codes = Counter(str(one.refused.code) for one in self.judged if one.refused)
        return {
            "cases": len(self.judged),
            "first_try_pass_rate": round(self.share(Outcome.FIRST), 4),
            "fallback_rate": round(self.share(Outcome.RULES), 4),
            "refusals": dict(codes.most_common()),
            "coverage": round(mean(coverage(one.pair, one.reply.text) for one in self.judged), 4),
            "repetition": round(mean(map(repeats_itself, texts)), 4),
            **{f"distinct_{n}": round(distinct(texts, n), 4) for n in (1, 2, 3, 4)},
            "different_replies": round(len(set(texts)) / max(1, len(texts)), 4),
            "tokens": spread(tokens),
            "characters": spread([len(text) for text in texts]),
            "sentences": spread([len(sentences_of(text)) for text in texts]),
            "at_once": self.at_once,
            "tokens_per_second": round(sum(tokens) / max(self.seconds, 1e-9), 1),
            "first_sentence_s": spread(firsts),
            "whole_reply_s": spread([reply.whole_s for reply in replies]),
            "sampling": self.sampling,
        }


def evaluate(writer: Writer, cases: Sequence[AdvicePair]) -> Evaluation:
    """Let ``writer`` reply to all cases, and once more to those whose reply is refused."""
    started = time.perf_counter()
    replies = writer.write([pair.prompted(writer.prompt) for pair in cases])
    seconds = time.perf_counter() - started
    refused = [refusal(pair, reply.text) for pair, reply in zip(cases, replies, strict=True)]
    again = [pair for pair, why in zip(cases, refused, strict=True) if why]
    seconds_tries = iter(writer.write([pair.prompted(writer.prompt) for pair in again]))
    judged = [
        _judged(pair, reply, why, next(seconds_tries) if why else None)
        for pair, reply, why in zip(cases, replies, refused, strict=True)
    ]
    return Evaluation(writer.name, judged, seconds, writer.at_once, _told(writer))


def _judged(
    pair: AdvicePair, reply: Reply, refused: ReplyRejected | None, second: Reply | None
) -> Judged:
    if refused is None:
        return Judged(pair, reply, None, Outcome.FIRST, reply.text)
    if second and refusal(pair, second.text) is None:
        return Judged(pair, reply, refused, Outcome.SECOND, second.text)
    return Judged(pair, reply, refused, Outcome.RULES, None)


def _told(writer: Writer) -> dict[str, Any]:
    sampling = writer.sampling
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "repetition_penalty": sampling.repetition_penalty,
        "max_tokens": sampling.max_tokens,
        "prompt": writer.prompt,
        "rules": writer.rules,
    }
