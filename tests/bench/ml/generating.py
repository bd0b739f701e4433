"""``transformers.generate`` on the merged advisor: ``python -m tests.bench.ml.generating MODEL``.

All replies of a batch are written side by side and come back together, at the end of the longest.
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch

from llm_server.card import AdvisorCard
from llm_server.training.generation import write_replies
from llm_server.training.grading import unseen_pairs
from llm_server.training.lora import load_base
from tests.bench.ml.answering import answer_questions


def main() -> None:
    folder = Path(sys.argv[1])
    model, tokenizer = load_base(folder)
    sampling = AdvisorCard.read(folder).sampling

    def answer(count: int, seed: int) -> dict[str, Any]:
        """Write replies to ``count`` unseen cases of ``seed`` in one batch."""
        torch.manual_seed(seed)
        prompts = [pair.messages for pair in unseen_pairs(count, seed)]
        started = time.perf_counter()
        replies = list(write_replies(model, tokenizer, prompts, sampling, batch_size=count))
        seconds = time.perf_counter() - started
        tokens = sum(len(tokenizer(reply).input_ids) + 1 for reply in replies)  # and the end's own
        return {"seconds": seconds, "tokens": tokens}

    answer_questions(answer)


if __name__ == "__main__":
    main()
