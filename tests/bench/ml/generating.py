"""``transformers.generate`` on the merged advisor: ``python -m tests.bench.ml.generating MODEL``.

Replies of a batch are written side by side and come back together, at the end of the longest; one
after the other, each comes back by itself.
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch

from llm_server.card import AdvisorCard
from llm_server.training.generation import write_timed
from llm_server.training.grading import unseen_pairs
from llm_server.training.loading import load
from tests.bench.ml.answering import answer_questions


def main() -> None:
    folder = Path(sys.argv[1])
    loaded, card = load(str(folder)), AdvisorCard.read(folder)
    model, tokenizer = loaded.model, loaded.tokenizer

    def answer(count: int, seed: int, at_once: int) -> dict[str, Any]:
        """Write replies to ``count`` unseen cases of ``seed``, ``at_once`` side by side.

        Seconds of all, and of each reply from the asking of all; tokens with the end's own.
        """
        torch.manual_seed(seed)
        prompts = [
            pair.prompted(card.prompt) for pair in unseen_pairs(count, seed, edition=card.rules)
        ]
        started, ends, tokens = time.perf_counter(), list[float](), 0
        replies = write_timed(model, tokenizer, prompts, card.sampling, batch_size=at_once)
        for written in replies:
            ends.append(time.perf_counter() - started)
            tokens += len(written.token_ids) + 1
        return {"seconds": ends[-1], "tokens": tokens, "whole_replies": ends}

    answer_questions(answer)


if __name__ == "__main__":
    main()
