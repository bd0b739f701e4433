"""The adapter: ``python -m llm_server.training.lora`` (resumes where it was left).

Loss falls on the reply and its end token only. After each checkpoint the adapter writes replies to
cases it has never seen; where they pass the checks often enough, training ends.
"""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from llm_server.card import Sampling
from llm_server.training.generation import write_replies
from llm_server.training.grading import grade_replies, unseen_pairs
from llm_server.training.loop import Batch, fit
from llm_server.training.pairs import AdvicePair, pairs
from llm_server.training.recipe import RUNS, TrainingRecipe, read_recipe

IGNORED: Final = -100
BUCKET: Final = 16
"""Batches are cut from this many batches sorted by length, so that little is padding."""


def encode(pair: AdvicePair, tokenizer: Any) -> tuple[list[int], list[int]]:
    """Token ids and labels of one pair; the prompt's labels are ignored."""
    prompt = tokenizer.apply_chat_template(
        pair.messages, add_generation_prompt=True, return_dict=False
    )
    reply = [*tokenizer.encode(pair.reply, add_special_tokens=False), tokenizer.eos_token_id]
    return prompt + reply, [IGNORED] * len(prompt) + reply


def batches(tokenizer: Any, *, seed: int, batch_size: int) -> Iterator[Batch]:
    """Endless batches ``[batch_size, longest]``, padded on the right."""
    source = pairs(seed)
    while True:
        rows = [encode(pair, tokenizer) for pair in islice(source, batch_size * BUCKET)]
        rows.sort(key=lambda row: len(row[0]))
        groups = [rows[i : i + batch_size] for i in range(0, len(rows), batch_size)]
        order = torch.randperm(len(groups)).tolist()
        yield from (padded(groups[i], tokenizer.pad_token_id) for i in order)


def padded(rows: list[tuple[list[int], list[int]]], pad: int) -> Batch:
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), longest), pad)
    labels = torch.full((len(rows), longest), IGNORED)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, (row, row_labels) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        labels[i, : len(row)] = torch.tensor(row_labels)
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def adapted(model: Any, recipe: dict[str, Any]) -> Any:
    """``model`` with a fresh adapter on the recipe's layers."""
    config = LoraConfig(
        r=recipe["rank"],
        lora_alpha=recipe["alpha"],
        lora_dropout=recipe["dropout"],
        target_modules=recipe["modules"],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def load_base(path: Path) -> tuple[Any, PreTrainedTokenizerBase]:
    """A base model in float32, and its tokenizer."""
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(path)
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32), tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", type=Path, help="an adapter to go on from")
    start: Path | None = parser.parse_args().start
    recipe = read_recipe("lora")
    training = TrainingRecipe(**recipe["training"])
    folder, data = RUNS / "lora", recipe["data"]
    torch.manual_seed(data["seed"])
    base, tokenizer = load_base(RUNS / "base" / "model")
    model = (
        PeftModel.from_pretrained(base, start, is_trainable=True)
        if start
        else adapted(base, recipe["lora"])
    )
    model.print_trainable_parameters()
    watched = unseen_pairs(recipe["early_stop"]["cases"], seed=data["seed"])

    def good_enough(step: int) -> bool:
        model.save_pretrained(folder / "adapter")
        replies = write_replies(model, tokenizer, [p.messages for p in watched], Sampling())
        grades = grade_replies(watched, replies)
        print(f"\nstep {step}: {grades.pass_rate:.0%} pass; {grades.failures[:3]}", flush=True)
        early = recipe["early_stop"]
        return step >= early["after_steps"] and grades.pass_rate >= early["pass_rate"]

    fit(
        model,
        lambda step: batches(tokenizer, seed=data["seed"] + step, batch_size=training.batch_size),
        training,
        folder,
        after_checkpoint=good_enough,
    )


if __name__ == "__main__":
    main()
