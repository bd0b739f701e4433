"""What the machine multiplies in a second: the measure that all rates are held against."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

SIZES: Final = (256, 512, 1024, 2048)
"""Rows of the square matrices: the smallest fit a core's cache, the largest no cache."""
_TRIES: Final = 5
_TOO_SLOW_S: Final = 0.5
"""A product that takes longer is the last: a machine that has to emulate a number format is a
hundred times slower with it, and larger matrices would only tell so more slowly."""


@contextmanager
def threads_of_torch(count: int) -> Iterator[None]:
    """``count`` threads inside one operation, for as long as the context lasts."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def product_rate(kind: torch.dtype, threads: int) -> float:
    """GFLOP/s of the best product of two square matrices; a multiply-add counts as two."""
    best = 0.0
    with threads_of_torch(threads), torch.inference_mode():
        for size in SIZES:
            seconds = _fastest(size, kind)
            best = max(best, 2 * size**3 / seconds / 1e9)
            if seconds > _TOO_SLOW_S:
                break
    return best


def _fastest(size: int, kind: torch.dtype) -> float:
    """Seconds of the fastest of several products; of one alone where that is slow."""
    left, right = torch.rand(size, size).to(kind), torch.rand(size, size).to(kind)
    fastest = float("inf")
    for _ in range(_TRIES):
        started = time.perf_counter()
        torch.mm(left, right)
        fastest = min(fastest, time.perf_counter() - started)
        if fastest > _TOO_SLOW_S:
            break
    return fastest
