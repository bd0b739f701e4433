"""Pairs to batches: prompts masked, each reply closed by the end token, several pairs a row.

Pairs that share a row do not see each other: positions begin anew with each, and attention is kept
within it. So a row's loss is that of its pairs one by one, and little of a batch is padding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from dupi.advice.prompts import NEWEST
from llm_server.training.loop import Batch
from llm_server.training.pairs import AdvicePair

IGNORED: Final = -100
"""The label of what is not learnt: prompts and padding."""
_OPEN_ROWS: Final = 64


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one pair, and how many of them are the prompt's."""

    ids: tuple[int, ...]
    prompt: int

    @property
    def labels(self) -> list[int]:
        return [IGNORED] * self.prompt + list(self.ids[self.prompt :])


def encode(pair: AdvicePair, tokenizer: Any, version: str = NEWEST) -> Encoded:
    """Prompt (of that version) by the chat template, reply, end token."""
    prompt = tokenizer.apply_chat_template(
        pair.prompted(version), add_generation_prompt=True, return_dict=False
    )
    reply = tokenizer.encode(pair.reply, add_special_tokens=False)
    return Encoded((*prompt, *reply, tokenizer.eos_token_id), len(prompt))


Row = list[Encoded]


def packed_rows(encoded: Sequence[Encoded], block: int) -> list[Row]:
    """Rows of at most ``block`` tokens; a pair goes to the first open row that has room.

    Raises ValueError where one pair is longer than a row.
    """
    rows: list[Row] = []
    room: list[int] = []
    for pair in encoded:
        length = len(pair.ids)
        if length > block:
            raise ValueError(f"a pair of {length} tokens does not fit into a row of {block}")
        latest = range(max(0, len(rows) - _OPEN_ROWS), len(rows))
        at = next((index for index in latest if room[index] >= length), len(rows))
        if at == len(rows):
            rows.append([])
            room.append(block)
        rows[at].append(pair)
        room[at] -= length
    return rows


def laid_out(rows: Sequence[Row], pad: int) -> Batch:
    """``[rows, longest]`` ids, labels and positions, and who sees whom
    (``[rows, 1, longest, longest]``)."""
    longest = max(sum(len(pair.ids) for pair in row) for row in rows)
    ids = torch.full((len(rows), longest), pad)
    labels = torch.full((len(rows), longest), IGNORED)
    positions = torch.zeros((len(rows), longest), dtype=torch.long)
    owner = torch.arange(longest).neg().sub(1).repeat(len(rows), 1)  # padding sees itself alone
    for index, row in enumerate(rows):
        start = 0
        for number, pair in enumerate(row):
            end = start + len(pair.ids)
            ids[index, start:end] = torch.tensor(pair.ids)
            labels[index, start:end] = torch.tensor(pair.labels)
            positions[index, start:end] = torch.arange(len(pair.ids))
            owner[index, start:end] = number
            start = end
    sees = (owner[:, :, None] == owner[:, None, :]).tril()
    return {
        "input_ids": ids,
        "labels": labels,
        "position_ids": positions,
        "attention_mask": sees[:, None],
    }


def batches(
    rows: Sequence[Row], *, batch_size: int, seed: int, step: int, pad: int
) -> Iterator[Batch]:
    """Endless epochs over ``rows``, each in an order of its own, from ``step`` batches on."""
    each = max(1, len(rows) // batch_size)
    while True:
        epoch, at = divmod(step, each)
        chance = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(rows), generator=chance).tolist()
        for start in range(at, each):
            chosen = order[start * batch_size : (start + 1) * batch_size]
            yield laid_out([rows[index] for index in chosen], pad)
            step += 1


def steps_in(rows: int, *, batch_size: int, epochs: float) -> int:
    """Optimiser steps of so many passes over the rows."""
    return max(1, round(epochs * max(1, rows // batch_size)))
