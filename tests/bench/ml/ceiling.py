"""Products and the network in one process: ``python -m tests.bench.ml.ceiling REPOSITORY``.

With the first question it publishes the newest weights into ``REPOSITORY``, so that what is served
beside it was made by the same exporter.
"""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch

from dupi.vision import contract
from export.publish import publish_all
from export.tuning import ways
from export.tuning.measure import fill, photos_a_second
from export.tuning.products import product_rate
from export.tuning.whole import example_photos, newest_whole, work_of
from tests.bench.ml.answering import answer_questions


@cache
def answers() -> dict[str, Callable[..., Any]]:
    """By what is asked. Made while a question is answered: publishing shows its progress, and only
    then is standard output kept for answers."""
    torch.set_num_threads(1)
    publish_all(Path(sys.argv[1]))
    whole, photos = newest_whole(), example_photos(contract.INPUT_SIZE)
    served = ways.WAYS[ways.SERVED](ways.photos_card(contract.INPUT_SIZE), whole)
    return {
        "work": lambda: work_of(whole, photos[:1]),
        "product": lambda threads: product_rate(torch.float32, threads),
        "photos": lambda batch, threads, seconds: photos_a_second(
            served, fill(photos, batch), threads, seconds
        ),
    }


def answer(of: str, **given: Any) -> Any:
    return answers()[of](**given)


if __name__ == "__main__":
    answer_questions(answer)
