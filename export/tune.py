"""How near the classifiers come to the machine's matrix-product rate, and how they come nearest.

    python -m export.tune [--json FILE] [--compiled]

Runs the newest weights (trunk and seven heads) in every way that ``export.tuning.ways`` knows, then
the way that is served by batch size and threads, and holds each against the rate of a plain matrix
product measured in between. Each way must answer as the eager network does, within the bound of
``export.verify``, and grade the guide's photos alike. Measure on a machine that does nothing else.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from dupi.vision import contract
from export.tuning import ways
from export.tuning.measure import FP32, Found, Rounds, Turn, take_turns
from export.tuning.tables import batches_table, products_table, ways_table
from export.tuning.ways import WAYS, Kept, Run
from export.tuning.whole import example_photos, grades_of, newest_whole, work_of

WAYS_BATCH: Final = 8
BATCHES: Final = (1, 2, 4, 8, 16, 32)
_SLOW_BATCH: Final = 1
"""Of a format that the machine has to emulate."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    report = tune(given.repeats, given.seconds, is_compiled=given.compiled, console=console)
    if given.json:
        given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def tune(repeats: int, seconds: float, *, is_compiled: bool, console: Console) -> dict[str, Any]:
    """Measures, shows the tables on ``console``, and returns all of it as JSON."""
    whole, photos = newest_whole(), example_photos(contract.INPUT_SIZE)
    card = ways.photos_card(contract.INPUT_SIZE)
    names = [name for name in WAYS if is_compiled or name != ways.COMPILED]
    runs = {name: WAYS[name](card, whole) for name in names}
    kept = {name: _compared(name, run, whole, photos) for name, run in runs.items()}
    work = work_of(whole, photos[:1])
    by_way = _measured(runs, photos, _way_turns(names), repeats, seconds)
    by_batch = _measured(runs, photos, _batch_turns(), repeats, seconds)
    for table in (
        products_table(by_way, by_batch),
        ways_table(by_way, work, kept),
        batches_table(by_batch, work),
    ):
        console.print(table)
    return _as_json(work, kept, by_way, by_batch)


def all_threads() -> tuple[int, ...]:
    """One, and as many as there are cores."""
    return tuple(sorted({1, os.cpu_count() or 1}))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m export.tune", description=__doc__)
    parser.add_argument("--json", type=Path, help="file that takes all figures")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each repeat, at least")
    parser.add_argument("--compiled", action="store_true", help="torch.compile too (a minute more)")
    return parser


def _compared(name: str, run: Run, eager: Run, photos: Tensor) -> Kept:
    """With few photos, where one takes seconds."""
    batch = photos[: 2 if _is_slow(name) else WAYS_BATCH * 3]
    with torch.inference_mode():
        return ways.compare(eager(batch), run(batch), grades_of)


def _is_slow(name: str) -> bool:
    return name == ways.BF16 and not ways.multiplies_bf16()


def _way_turns(names: Sequence[str]) -> list[Turn]:
    return [
        Turn(name, _SLOW_BATCH if _is_slow(name) else WAYS_BATCH, threads)
        for name in names
        for threads in all_threads()
        if threads == 1 or not _is_slow(name)
    ]


def _batch_turns() -> list[Turn]:
    return [Turn(ways.SERVED, batch, n) for n in all_threads() for batch in BATCHES]


def _measured(
    runs: dict[str, Run], photos: Tensor, turns: list[Turn], repeats: int, seconds: float
) -> Found:
    products = [(FP32, threads) for threads in all_threads()]
    if any(turn.way == ways.BF16 for turn in turns):
        products.append((ways.BF16, 1))
    with Progress(transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("measuring", total=(len(turns) + len(products)) * (repeats + 1))
        rounds = Rounds(repeats, seconds, lambda: progress.advance(task))
        return take_turns(runs, photos, turns, products, rounds)


def _as_json(work: float, kept: dict[str, Kept], *found: Found) -> dict[str, Any]:
    products = [
        {"kind": kind, "threads": threads, "gflop_a_second": values}
        for each in found
        for (kind, threads), values in each.products.items()
    ]
    rates = [
        {"way": t.way, "batch": t.batch, "threads": t.threads, "photos_a_second": values}
        for each in found
        for t, values in each.rates.items()
    ]
    compared = {name: {"differs": k.differs, "regraded": k.regraded} for name, k in kept.items()}
    about = {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}
    return {
        **about,
        "gflop_a_photo": work,
        "compared": compared,
        "products": products,
        "rates": rates,
    }


if __name__ == "__main__":
    sys.exit(main())
