"""The base model, from scratch: ``python -m llm_server.training.base`` (resumable)."""

from collections.abc import Iterator
from typing import Any, Final

import torch
from transformers import (
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
)

from llm_server.training.corpus import documents
from llm_server.training.loop import Batch, fit
from llm_server.training.recipe import RUNS, TrainingRecipe, read_recipe

FOLDER: Final = RUNS / "base"


def build_model(recipe: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> LlamaForCausalLM:
    """An untrained model of the recipe's size with 64-wide attention heads and tied embeddings."""
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


def packed(
    tokenizer: PreTrainedTokenizerBase,
    *,
    seed: int,
    block: int,
    batch_size: int,
    copying: bool = False,
) -> Iterator[Batch]:
    """Batches ``[batch_size, block]`` of documents end to end, each closed by the end token."""
    buffer: list[int] = []
    size = block * batch_size
    for document in documents(seed, copying=copying):
        buffer += tokenizer.encode(document, add_special_tokens=False)
        buffer.append(tokenizer.eos_token_id)
        while len(buffer) >= size:
            ids = torch.tensor(buffer[:size]).view(batch_size, block)
            buffer = buffer[size:]
            yield {"input_ids": ids, "labels": ids.clone()}


def train_phase(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, phase: dict[str, Any]
) -> None:
    """Trains ``model`` in place; a phase that is done already is only loaded."""
    training = TrainingRecipe(**phase["training"])

    def batches(step: int) -> Iterator[Batch]:
        return packed(
            tokenizer,
            seed=phase["seed"] + step,
            block=phase["block"],
            batch_size=training.batch_size,
            copying=phase["copying"],
        )

    fit(model, batches, training, FOLDER / phase["name"])


def main() -> None:
    recipe = read_recipe("base")
    tokenizer = AutoTokenizer.from_pretrained(FOLDER / "tokenizer")
    torch.manual_seed(recipe["phases"][0]["seed"])
    model = build_model(recipe["model"], tokenizer)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")
    for phase in recipe["phases"]:
        print(f"phase {phase['name']}")
        train_phase(model, tokenizer, phase)
    model.save_pretrained(FOLDER / "model")
    tokenizer.save_pretrained(FOLDER / "model")


if __name__ == "__main__":
    main()
