"""The base model, from scratch: ``python -m llm_server.training.base`` (resumable).

``--trial 20`` takes that many steps of each phase, keeps nothing, and tells how long all will take.
"""

import argparse
import random
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import torch
from transformers import (
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
)

from llm_server.training.corpus import documents
from llm_server.training.curves import draw_curve
from llm_server.training.loop import Batch, fit
from llm_server.training.recipe import RUNS, TrainingRecipe, read_recipe

FOLDER: Final = RUNS / "base"
_SEEDS: Final = 2**31


def build_model(recipe: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> LlamaForCausalLM:
    """An untrained model of the recipe's size with tied embeddings."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe["hidden_size"],
        intermediate_size=recipe["intermediate_size"],
        num_hidden_layers=recipe["layers"],
        num_attention_heads=recipe["heads"],
        num_key_value_heads=recipe["key_value_heads"],
        head_dim=recipe["hidden_size"] // recipe["heads"],
        max_position_embeddings=recipe["context"],
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def packed(  # noqa: PLR0913
    tokenizer: PreTrainedTokenizerBase,
    *,
    seed: int,
    block: int,
    batch_size: int,
    copying: bool = False,
    step: int = 0,
) -> Iterator[Batch]:
    """Batches ``[batch_size, block]`` of documents end to end, each closed by the end token.

    Each batch has a seed of its own, so that a run that goes on from ``step`` meets what it would
    have met.
    """
    for number in count(step):
        drawn = random.Random(f"{seed} {number}").randrange(_SEEDS)  # noqa: S311 - text
        ids = _end_to_end(tokenizer, documents(drawn, copying=copying), block * batch_size)
        batch = torch.tensor(ids).view(batch_size, block)
        yield {"input_ids": batch, "labels": batch.clone()}


def _end_to_end(tokenizer: PreTrainedTokenizerBase, texts: Iterator[str], tokens: int) -> list[int]:
    ids: list[int] = []
    while len(ids) < tokens:
        ids += tokenizer.encode(next(texts), add_special_tokens=False)
        ids.append(tokenizer.eos_token_id)
    return ids[:tokens]


def train_phase(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    phase: dict[str, Any],
    folder: Path,
    *,
    steps: int | None = None,
) -> None:
    """Trains ``model`` in place; a phase that is done already is only loaded."""
    training = TrainingRecipe(**{**phase["training"], **({"steps": steps} if steps else {})})

    def batches(step: int) -> Iterator[Batch]:
        return packed(
            tokenizer,
            seed=phase["seed"],
            block=phase["block"],
            batch_size=training.batch_size,
            copying=phase["copying"],
            step=step,
        )

    fit(model, batches, training, folder)
    draw_curve(folder)


def tokens_of(phase: dict[str, Any]) -> int:
    """Tokens that the phase learns from."""
    training = phase["training"]
    return int(training["steps"] * training["batch_size"] * phase["block"])


def try_out(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    phases: list[dict[str, Any]],
    steps: int,
) -> float:
    """Hours that all phases will take on this machine, by ``steps`` steps of each."""
    seconds = 0.0
    for phase in phases:
        with TemporaryDirectory() as folder:
            started = time.monotonic()
            train_phase(model, tokenizer, phase, Path(folder), steps=steps)
            taken = time.monotonic() - started
        done = tokens_of(phase) * steps / phase["training"]["steps"]
        seconds += taken * phase["training"]["steps"] / steps
        print(f"phase {phase['name']}: {done / taken:.0f} tokens/s, {tokens_of(phase):,} tokens")
    return seconds / 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trial", type=int, metavar="STEPS", help="only tell how long it takes")
    trial: int | None = parser.parse_args().trial
    recipe = read_recipe("base")
    tokenizer = AutoTokenizer.from_pretrained(FOLDER / "tokenizer")
    torch.manual_seed(recipe["phases"][0]["seed"])
    model = build_model(recipe["model"], tokenizer)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")
    if trial:
        print(f"all phases: {try_out(model, tokenizer, recipe['phases'], trial):.2f} hours")
        return
    for phase in recipe["phases"]:
        print(f"phase {phase['name']}")
        train_phase(model, tokenizer, phase, FOLDER / phase["name"])
    model.save_pretrained(FOLDER / "model")
    tokenizer.save_pretrained(FOLDER / "model")


if __name__ == "__main__":
    main()
