"""Replies of a transformers model to many prompts, in batches."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from dupi.advice.prompts import Message
from llm_server.card import Sampling
from llm_server.training.loop import device


def write_replies(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[list[Message]],
    sampling: Sampling,
    *,
    batch_size: int = 16,
) -> Iterator[str]:
    """One reply a prompt, in order."""
    model.to(device()).eval()
    tokenizer.padding_side = "left"
    for start in range(0, len(prompts), batch_size):
        yield from _batch(model, tokenizer, prompts[start : start + batch_size], sampling)


def _batch(
    model: Any, tokenizer: Any, prompts: Sequence[list[Message]], sampling: Sampling
) -> list[str]:
    encoded = tokenizer.apply_chat_template(
        prompts,
        add_generation_prompt=True,
        padding=True,
        return_tensors="pt",
        return_dict=True,
    ).to(device())
    with torch.inference_mode():
        ids = model.generate(
            input_ids=encoded["input_ids"],
            attention_mask=encoded["attention_mask"],
            do_sample=True,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            repetition_penalty=sampling.repetition_penalty,
            max_new_tokens=sampling.max_tokens,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    written = ids[:, encoded["input_ids"].shape[1] :]
    texts: list[str] = tokenizer.batch_decode(written, skip_special_tokens=True)
    return texts
