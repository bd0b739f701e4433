"""Replies of a transformers model to many prompts, in batches."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from transformers import StoppingCriteria

from dupi.advice.prompts import Message
from llm_server.card import Sampling
from llm_server.training.loop import device

BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class Written:
    """One reply. ``token_ids`` without the end token; ``times``: when each of its batch's tokens
    was there, in seconds from the asking."""

    text: str
    token_ids: tuple[int, ...]
    times: tuple[float, ...] = field(repr=False)

    @property
    def seconds(self) -> float:
        return self.times[min(len(self.token_ids), len(self.times) - 1)]


def write_replies(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[list[Message]],
    sampling: Sampling,
    *,
    batch_size: int = BATCH,
) -> Iterator[str]:
    """One reply a prompt, in order."""
    for written in write_timed(model, tokenizer, prompts, sampling, batch_size=batch_size):
        yield written.text


def write_timed(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[list[Message]],
    sampling: Sampling,
    *,
    batch_size: int = BATCH,
) -> Iterator[Written]:
    """One reply a prompt, in order, with its timing."""
    if not getattr(model, "is_quantized", False):
        model.to(device())
    model.eval()
    tokenizer.padding_side = "left"
    for start in range(0, len(prompts), batch_size):
        yield from _batch(model, tokenizer, prompts[start : start + batch_size], sampling)


class _Clock(StoppingCriteria):
    """Notes when each token was there; stops nothing."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.times: list[float] = []

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        self.times.append(time.perf_counter() - self._started)
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


def _batch(
    model: Any, tokenizer: Any, prompts: Sequence[list[Message]], sampling: Sampling
) -> list[Written]:
    encoded = tokenizer.apply_chat_template(
        prompts,
        add_generation_prompt=True,
        padding=True,
        return_tensors="pt",
        return_dict=True,
    ).to(device())
    clock = _Clock()
    with torch.inference_mode():
        ids = model.generate(
            input_ids=encoded["input_ids"],
            attention_mask=encoded["attention_mask"],
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            stopping_criteria=[clock],
            **_drawn(sampling),
        )
    rows = ids[:, encoded["input_ids"].shape[1] :].tolist()
    times = tuple(clock.times)
    return [_written(row, tokenizer, times) for row in rows]


def _drawn(sampling: Sampling) -> dict[str, Any]:
    common = {
        "repetition_penalty": sampling.repetition_penalty,
        "max_new_tokens": sampling.max_tokens,
    }
    if sampling.temperature == 0:
        return {**common, "do_sample": False, "temperature": None, "top_p": None}
    drawn = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p}
    return {**common, **drawn}


def _written(row: list[int], tokenizer: Any, times: tuple[float, ...]) -> Written:
    end = tokenizer.eos_token_id
    ids = row[: row.index(end)] if end in row else row
    text: str = tokenizer.decode(ids, skip_special_tokens=True)
    return Written(text, tuple(ids), times)
