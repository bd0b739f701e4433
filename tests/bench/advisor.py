"""Writing advice: vLLM, streamed, beside ``transformers.generate`` on the same weights."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from statistics import median
from typing import Any, Final, cast

from openai import AsyncOpenAI

from api.local_stack.launches import newest_advisor
from dupi.advice.prompts import reply_opening
from dupi.advice.replies import ReplyReader, ReplyRejected
from llm_server.card import SERVED_NAME, AdvisorCard
from llm_server.training.grading import unseen_pairs
from llm_server.training.pairs import AdvicePair
from tests.bench.figures import Figure, Row, Table
from tests.bench.ml_program import MlProgram, ml_program
from tests.bench.rig import Rig
from tests.bench.timing import interleaved

VLLM: Final = "vLLM, streamed"
BATCHED: Final = "transformers.generate, one batch"
SEQUENTIAL: Final = "transformers.generate, one by one"
RATIO: Final = "vLLM over one by one"

_TIMEOUT_S: Final = 120.0
_SEEDS_A_SEED: Final = 1000
_NOTES: Final = (
    "Replies to cases never trained on, the same ones for both, all asked at once; real prompts,",
    "the served model's own sampling. First sentence: the first of the model's own that passes",
    "the checks. generate gives replies whole: their first sentence is their last. One by one:",
    "each reply is begun when the one before has ended, as in a program without a server.",
)


@dataclass
class Batch:
    """Replies that were written at once; all times in seconds."""

    seconds: float = 0.0
    tokens: int = 0
    first_sentences: list[float] = field(default_factory=list)
    whole_replies: list[float] = field(default_factory=list)
    rejected: int = 0


Writer = Callable[[int, int], Awaitable[Batch]]
"""Writes so many replies, to the cases of a seed."""


async def measure(rig: Rig) -> list[Table]:
    async with _writers(rig) as writers:
        turns = {
            (at_once, name): partial(_next_batch, writer, at_once, count(rig.seed * _SEEDS_A_SEED))
            for at_once in rig.scale.crowds
            for name, writer in writers.items()
        }
        batches = await interleaved(turns, repeats=rig.scale.repeats)
    rows = [_row(name, at_once, batches[at_once, name]) for at_once, name in turns]
    rows += [ratio_row(at_once, batches) for at_once in rig.scale.crowds]
    rejected = sum(batch.rejected for found in batches.values() for batch in found)
    written = sum(
        len(batch.whole_replies) for key in batches if key[1] == VLLM for batch in batches[key]
    )
    notes = (*_NOTES, f"{rejected} of {written} streamed replies failed a check.")
    return [Table("Writing advice", rows, notes)]


async def _next_batch(writer: Writer, at_once: int, seeds: "count[int]") -> Batch:
    return await writer(at_once, next(seeds))


@asynccontextmanager
async def _writers(rig: Rig) -> AsyncIterator[Mapping[str, Writer]]:
    key = rig.plan.environment.get("DUPI_ADVISOR_API_KEY", "none")
    async with (
        AsyncOpenAI(base_url=rig.advisor_url, api_key=key, timeout=_TIMEOUT_S) as client,
        ml_program("generating", newest_advisor(), log=rig.folder / "generating.log") as program,
    ):
        card = AdvisorCard.read(newest_advisor())
        yield {
            VLLM: partial(_stream_all, client, card),
            BATCHED: partial(_generate, program, False),
            SEQUENTIAL: partial(_generate, program, True),
        }


async def _stream_all(client: AsyncOpenAI, card: AdvisorCard, at_once: int, seed: int) -> Batch:
    batch, started = Batch(), time.perf_counter()
    pairs = unseen_pairs(at_once, seed, edition=card.rules)
    await asyncio.gather(*(_stream(client, pair, card.prompt, batch) for pair in pairs))
    batch.seconds = time.perf_counter() - started
    return batch


async def _stream(client: AsyncOpenAI, pair: AdvicePair, prompt: str, batch: Batch) -> None:
    reader, started = _Reader(pair), time.perf_counter()
    stream = await client.chat.completions.create(
        model=SERVED_NAME,
        messages=cast(Any, pair.prompted(prompt)),
        stream=True,
        stream_options={"include_usage": True},
    )
    async for chunk in stream:
        batch.tokens += chunk.usage.completion_tokens if chunk.usage else 0
        text = "".join(choice.delta.content or "" for choice in chunk.choices)
        if reader.is_first_sentence(text):
            batch.first_sentences.append(time.perf_counter() - started)
    batch.whole_replies.append(time.perf_counter() - started)
    batch.rejected += reader.is_rejected


class _Reader:
    """Reads a reply as the worker does, up to its end or to what the checks refuse."""

    def __init__(self, pair: AdvicePair) -> None:
        self._reader = ReplyReader(pair.case, pair.plan)
        self._reader.feed(reply_opening(pair.case))
        self._has_one = False
        self.is_rejected = False

    def is_first_sentence(self, text: str) -> bool:
        if self.is_rejected:
            return False
        try:
            released = self._reader.feed(text)
        except ReplyRejected:
            self.is_rejected = True
            return False
        is_first = bool(released) and not self._has_one
        self._has_one = self._has_one or is_first
        return is_first


async def _generate(program: MlProgram, one_by_one: bool, at_once: int, seed: int) -> Batch:
    side_by_side = 1 if one_by_one else at_once
    answer = await program.ask(count=at_once, seed=seed, at_once=side_by_side)
    ends = answer["whole_replies"]
    return Batch(answer["seconds"], answer["tokens"], ends, ends)


def ratio_row(at_once: int, batches: Mapping[tuple[int, str], Sequence[Batch]]) -> Row:
    """How many times the tokens a second of ``generate`` one by one vLLM gives, turn by turn: both
    wrote to the same cases, one just after the other."""
    both = zip(batches[at_once, VLLM], batches[at_once, SEQUENTIAL], strict=True)
    ratios = [
        (served.tokens / served.seconds) / (written.tokens / written.seconds)
        for served, written in both
    ]
    return Row(RATIO, {"tokens/s": Figure.of(ratios)}, at_once)


def _row(name: str, at_once: int, batches: Sequence[Batch]) -> Row:
    def middle(times: Callable[[Batch], list[float]]) -> Figure:
        return Figure.of([1000 * median(times(batch)) for batch in batches if times(batch)])

    figures = {
        "tokens/s": Figure.of([batch.tokens / batch.seconds for batch in batches]),
        "first sentence ms": middle(lambda batch: batch.first_sentences),
        "whole reply ms": middle(lambda batch: batch.whole_replies),
    }
    return Row(name, figures, at_once)
