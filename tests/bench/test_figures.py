"""Figures, tables and turns of the bench."""

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.figures import Figure, Outcome, Row, Table
from tests.bench.rig import Rig
from tests.bench.run import Section, run_section, write_outcomes
from tests.bench.table import show, shown
from tests.bench.timing import P50, P95, Load, drive, interleaved, load_row

ROWS = (
    Row("one", {"photos/s": Figure.of([1, 2, 3, 4, 5]), "ms": Figure.of([1234.0])}, at_once=4),
    Row("another", {"photos/s": Figure.of([10.0, 30.0, 20.0])}),
)
TABLE = Table("Photos", ROWS, ("A note.",))


def console() -> Console:
    return Console(width=100, record=True, file=io.StringIO())


def test_a_figure_is_the_median_with_its_spread() -> None:
    figure = Figure.of([5, 1, 4, 2, 3])
    assert (figure.median, figure.low, figure.high) == pytest.approx((3, 1.4, 4.6))
    assert figure.as_json()["n"] == 5
    with pytest.raises(ValueError, match="needs a value"):
        Figure.of([])


@pytest.mark.parametrize(
    ("values", "text"),
    [([1234.4], "1,234"), ([0.5], "0.50"), ([10, 20, 30], "20 (12–28)"), (None, "")],
)
def test_a_figure_shows_three_digits(values: list[float] | None, text: str) -> None:
    assert shown(Figure.of(values) if values else None) == text


def test_a_table_shows_what_there_is_in_a_hundred_columns() -> None:
    on = console()
    show(on, Outcome("photos", 1.0, (TABLE,)))
    text = on.export_text()
    for part in ("Photos", "A note.", "photos/s", "3 (1.40–4.60)", "1,234", "another"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    outcomes = [Outcome("photos", 1.24, (TABLE,)), Outcome("other", 0.1, problem="it broke")]
    write_outcomes(tmp_path / "a.json", outcomes, about={"seed": 3}, machine={"cores": 2})
    read = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert (read["seed"], read["machine"]) == (3, {"cores": 2})
    assert [section["problem"] for section in read["sections"]] == ["", "it broke"]
    row = read["sections"][0]["tables"][0]["rows"][0]
    assert (row["what"], row["at_once"]) == ("one", 4)
    assert row["figures"]["photos/s"]["values"] == [1, 2, 3, 4, 5]


async def test_contestants_take_turns_and_warm_ups_are_dropped() -> None:
    order: list[str] = []

    def contestant(name: str) -> "asyncio.Future[int]":
        order.append(name)
        done = asyncio.get_running_loop().create_future()
        done.set_result(len(order))
        return done

    turns = {name: lambda name=name: contestant(name) for name in "AB"}
    results = await interleaved(turns, repeats=2)
    assert order == ["A", "B"] * 3
    assert results == {"A": [3, 5], "B": [4, 6]}


async def test_callers_call_side_by_side_until_the_time_is_over() -> None:
    callers: set[int] = set()
    most = at_work = 0

    async def call(caller: int) -> None:
        nonlocal most, at_work
        at_work += 1
        most = max(most, at_work)
        callers.add(caller)
        await asyncio.sleep(0.005)
        at_work -= 1

    load = await drive(call, at_once=3, seconds=0.05)
    assert (callers, most) == ({0, 1, 2}, 3)
    assert load.seconds >= 0.05
    assert len(load.latencies) >= 3


def test_a_load_is_told_by_rate_and_percentiles() -> None:
    loads = [Load(2.0, [0.1, 0.2, 0.3]), Load(1.0, [0.2] * 4)]
    row = load_row("one", 4, loads, "photos/s")
    assert row.figures["photos/s"].values == (1.5, 4.0)
    assert row.figures[P50].values == pytest.approx((200, 200))
    assert row.figures[P95].values == pytest.approx((290, 200))


async def test_a_section_that_fails_is_told() -> None:
    async def broken(_: Rig) -> Sequence[Table]:
        raise RuntimeError("no such thing")

    on = console()
    outcome = await run_section(Section("broken", broken), None, on)  # type: ignore[arg-type]
    assert outcome.problem == "RuntimeError: no such thing"
    assert "broken failed" in on.export_text()
