"""Eager PyTorch in one process, one photo a request: ``python -m tests.bench.ml.eager PHOTOS.npy``.

The shipped trunk and heads, under PyTorch's own number of threads, in as many threads as there are
requests at once: what a web process does that keeps its models to itself.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from dupi.vision import contract
from export.wrap import newest_modules
from tests.bench.ml.answering import answer_questions


class EagerNetwork:
    """Grades one photo at a time."""

    def __init__(self) -> None:
        modules = newest_modules()
        self._trunk = modules[contract.TRUNK]
        self._heads = [modules[name] for name in (*contract.HEADS, contract.DOMAIN_HEAD)]

    def grade(self, photo: Any) -> list[Any]:
        """uint8 ``[S, S, 3]`` to the outputs of every head, as arrays."""
        with torch.inference_mode():
            features = self._trunk(torch.from_numpy(photo)[None])[0]
            return [output.numpy() for head in self._heads for output in head(features)]


def drive(network: EagerNetwork, photos: Any, at_once: int, seconds: float) -> dict[str, Any]:
    """Seconds in all, and of each request."""
    latencies: list[float] = []
    started = time.perf_counter()

    def go_on(caller: int) -> None:
        while (begun := time.perf_counter()) - started < seconds:
            network.grade(photos[(caller + len(latencies)) % len(photos)])
            latencies.append(time.perf_counter() - begun)

    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(go_on, range(at_once)))
    return {"seconds": time.perf_counter() - started, "latencies": latencies}


def main() -> None:
    photos, network = np.load(sys.argv[1]), EagerNetwork()

    def answer(at_once: int, seconds: float) -> dict[str, Any]:
        return drive(network, photos, at_once, seconds)

    answer_questions(answer)


if __name__ == "__main__":
    main()
