"""Shows outcomes as tables that are readable in a hundred columns."""

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from tests.bench.figures import HIGH, LOW, Figure, Outcome, Row, Table


def show(console: Console, outcome: Outcome) -> None:
    """All tables of a section, and what went wrong."""
    for table in outcome.tables:
        console.print(_drawn(table))
        for note in table.notes:
            console.print(Text(f"  {note}", style="dim"))
    if outcome.problem:
        console.print(Text(f"{outcome.section} failed: {outcome.problem}", style="bold red"))
    console.print()


def _drawn(table: Table) -> RichTable:
    drawn = RichTable(title=table.title, title_justify="left", title_style="bold", pad_edge=False)
    drawn.add_column("", overflow="fold")
    shows_at_once = any(row.at_once is not None for row in table.rows)
    if shows_at_once:
        drawn.add_column("at once", justify="right")
    for name in table.columns:
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("n", justify="right")
    for row in table.rows:
        drawn.add_row(*_cells(table, row, shows_at_once))
    return drawn


def _cells(table: Table, row: Row, shows_at_once: bool) -> list[str]:
    at_once = [str(row.at_once or "")] if shows_at_once else []
    figures = [shown(row.figures.get(name)) for name in table.columns]
    repeats = sorted({len(figure.values) for figure in row.figures.values()})
    return [row.what, *at_once, *figures, "–".join(map(str, repeats))]


def shown(figure: Figure | None) -> str:
    """``41.2 (40.0–42.1)``: median and spread; the value alone where all are the same."""
    if figure is None:
        return ""
    if figure.low == figure.high:
        return _rounded(figure.median)
    return f"{_rounded(figure.median)} ({_rounded(figure.low)}–{_rounded(figure.high)})"


def _rounded(value: float) -> str:
    """Three digits that mean something; whole numbers whole."""
    size = abs(value)
    return (
        f"{value:,.0f}"
        if size >= 100 or value == round(value)
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
    )


LEGEND = f"Each figure: the median of n repeats (their {LOW}th to {HIGH}th percentile)."
