"""What was measured, as tables."""

import statistics
from collections.abc import Mapping, Sequence

from rich.table import Table

from export.tuning.measure import FP32, Found, Turn
from export.tuning.ways import Kept


def products_table(*found: Found) -> Table:
    """All rounds together."""
    table = _table("Matrix products", "numbers", "threads", "GFLOP/s")
    for kind, threads in dict.fromkeys(key for each in found for key in each.products):
        values = [v for each in found for v in each.products.get((kind, threads), [])]
        table.add_row(kind, str(threads), spread(values))
    return table


def ways_table(found: Found, work: float, kept: Mapping[str, Kept]) -> Table:
    """``work``: GFLOP of one photo."""
    table = _table("Trunk and seven heads", "way", *_RATES, "differs by", "regraded")
    for turn, values in found.rates.items():
        answers = kept[turn.way]
        row = _rate_cells(found, turn, values, work)
        table.add_row(turn.way, *row, f"{answers.differs:.1e}", str(answers.regraded))
    return table


def batches_table(found: Found, work: float) -> Table:
    table = _table("As served, by batch size and threads", *_RATES)
    for turn, values in found.rates.items():
        table.add_row(*_rate_cells(found, turn, values, work))
    return table


_RATES = ("threads", "batch", "photos/s", "GFLOP/s", "share")


def _rate_cells(found: Found, turn: Turn, values: Sequence[float], work: float) -> list[str]:
    """The share is of the fp32 product on as many threads, in the same rounds."""
    ceiling = statistics.median(found.products[FP32, turn.threads])
    done = statistics.median(values) * work
    numbers = [str(turn.threads), str(turn.batch), spread(values)]
    return [*numbers, f"{done:.1f}", f"{done / ceiling:.0%}"]


def spread(values: Sequence[float]) -> str:
    """``41 (40–42)``: the median, and the least and the greatest; a decimal below ten."""
    middle, least, most = statistics.median(values), min(values), max(values)
    digits = 1 if most < 10 else 0
    if least == most:
        return f"{middle:.{digits}f}"
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if not number else "right", no_wrap=True)
    return table
