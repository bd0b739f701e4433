"""How good an advisor is: ``python -m llm_server.training.evaluate MODEL [--adapter PATH]``.

Replies to unseen cases, graded by the checks; prints a table and samples, writes JSON.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from peft import PeftModel
from tqdm import tqdm

from llm_server.card import Sampling
from llm_server.training.generation import write_replies
from llm_server.training.grading import distinct_ngrams, grade_replies, refusal, unseen_pairs
from llm_server.training.lora import load_base
from llm_server.training.pairs import AdvicePair


def evaluate(
    model: Any, tokenizer: Any, cases: list[AdvicePair], sampling: Sampling
) -> tuple[dict[str, Any], list[str]]:
    """Figures, and the replies they are of. A refused reply is tried once more, as in serving."""
    started = time.monotonic()
    prompts = [pair.messages for pair in cases]
    replies = list(
        tqdm(write_replies(model, tokenizer, prompts, sampling), total=len(cases), unit="reply")
    )
    seconds = time.monotonic() - started
    grades = grade_replies(cases, replies)
    refused = [p for p, r in zip(cases, replies, strict=True) if refusal(p, r)]
    again = write_replies(model, tokenizer, [p.messages for p in refused], sampling)
    left = len(refused) - grade_replies(refused, again).passed
    tokens = [len(tokenizer.encode(reply)) for reply in replies]
    figures = {
        "cases": len(cases),
        "first_try_pass_rate": round(grades.pass_rate, 4),
        "rules_text_rate": round(left / len(cases), 4),
        "refusals": {str(code): n for code, n in grades.refusals.items()},
        "distinct_4": round(distinct_ngrams(replies), 4),
        "unique_replies": round(len(set(replies)) / len(replies), 4),
        "mean_tokens": round(mean(tokens), 1),
        "longest_tokens": max(tokens),
        "tokens_per_second_batched": round(sum(tokens) / seconds, 1),
        "examples_refused": grades.failures[:5],
    }
    return figures, replies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=Sampling.temperature)
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.manual_seed(0)
    model, tokenizer = load_base(options.model)
    if options.adapter:
        model = PeftModel.from_pretrained(model, options.adapter)
    cases = unseen_pairs(options.cases)
    sampling = Sampling(temperature=options.temperature)
    figures, replies = evaluate(model, tokenizer, cases, sampling)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    for pair, reply in list(zip(cases, replies, strict=True))[: options.samples]:
        print(f"\n{pair.messages[-1]['content']}\n→ {reply}")
    if options.out:
        options.out.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
