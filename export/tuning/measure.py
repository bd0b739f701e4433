"""Rates of several ways side by side: in turns, so that a slow minute is so for all of them."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import torch
from torch import Tensor

from export.tuning.products import product_rate, threads_of_torch
from export.tuning.ways import BF16, Run

FP32: Final = "fp32"
KINDS: Final[Mapping[str, torch.dtype]] = {FP32: torch.float32, BF16: torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Turn:
    """One contestant: a way, with so many photos at a time, on so many threads."""

    way: str
    batch: int
    threads: int


@dataclass(frozen=True, slots=True)
class Found:
    """Values, one a repeat: GFLOP/s of matrix products by format and threads, photos/s by turn."""

    products: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    rates: dict[Turn, list[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often all take their turn, how long a turn is at least, and what is called after each."""

    repeats: int
    seconds: float
    each: Callable[[], None] = lambda: None


def photos_a_second(run: Run, photos: Tensor, threads: int, seconds: float) -> float:
    """As the served backend runs it: without gradients, and without an executor that specialises
    itself for every new size. Ends the batch that it is at when ``seconds`` are over."""
    with (
        threads_of_torch(threads),
        torch.inference_mode(),
        torch.jit.optimized_execution(False),
    ):
        count, started = 0, time.perf_counter()
        while not count or time.perf_counter() - started < seconds:
            run(photos)
            count += len(photos)
        return count / (time.perf_counter() - started)


def take_turns(
    runs: Mapping[str, Run],
    photos: Tensor,
    turns: Iterable[Turn],
    products: Iterable[tuple[str, int]],
    rounds: Rounds,
) -> Found:
    """Every product and every turn in each of the rounds, and once before, unmeasured.

    ``photos`` ``[N, S, S, 3]`` are repeated to fill a batch. ``each`` is called after each turn.
    """
    takers: dict[Turn | tuple[str, int], Callable[[], float]] = {
        (kind, threads): partial(product_rate, KINDS[kind], threads) for kind, threads in products
    }
    for turn in turns:
        batch = fill(photos, turn.batch)
        takers[turn] = partial(photos_a_second, runs[turn.way], batch, turn.threads, rounds.seconds)
    found = Found()
    for number in range(rounds.repeats + 1):
        for who, take in takers.items():
            value = take()
            rounds.each()
            if number:
                kept = found.rates if isinstance(who, Turn) else found.products
                kept.setdefault(who, []).append(value)  # type: ignore[arg-type]
    return found


def fill(photos: Tensor, count: int) -> Tensor:
    """``count`` of the photos, beginning again at the first."""
    return photos[torch.arange(count) % len(photos)]
