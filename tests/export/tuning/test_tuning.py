"""How rates are measured, compared and told."""

import io

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

from dupi.vision import contract
from export.tuning import products, ways
from export.tuning.measure import FP32, Found, Rounds, Turn, fill, take_turns
from export.tuning.products import product_rate, threads_of_torch
from export.tuning.tables import batches_table, products_table, ways_table
from export.tuning.ways import Kept, compare
from export.tuning.whole import example_photos, grades_of, newest_whole, work_of

pytestmark = pytest.mark.ml


@pytest.fixture(autouse=True)
def small_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "SIZES", (64,))


@pytest.mark.parametrize(
    ("layer", "shape", "gflop"),
    [
        (nn.Conv2d(3, 8, 3, padding=1), (1, 3, 16, 16), 2 * 16 * 16 * 8 * 27 / 1e9),
        (nn.Conv2d(8, 8, 3, padding=1, groups=8), (2, 8, 4, 4), 2 * 2 * 4 * 4 * 8 * 9 / 1e9),
        (nn.Linear(10, 5), (3, 10), 2 * 3 * 10 * 5 / 1e9),
    ],
)
def test_the_work_of_known_layers(layer: nn.Module, shape: tuple[int, ...], gflop: float) -> None:
    assert work_of(layer, torch.zeros(shape)) == pytest.approx(gflop)


def test_the_work_of_a_batch_is_that_of_its_photos() -> None:
    whole, photos = newest_whole(), example_photos(contract.INPUT_SIZE)
    assert work_of(whole, photos[:2]) == pytest.approx(2 * work_of(whole, photos[:1]))
    assert work_of(whole.trunk, photos[:1]) < work_of(whole, photos[:1])


def test_what_is_served_answers_as_eager_and_regrades_nothing() -> None:
    whole, photos = newest_whole(), example_photos(contract.INPUT_SIZE)
    card = ways.photos_card(contract.INPUT_SIZE)
    with torch.inference_mode():
        eager = whole(photos)
        kept = compare(eager, ways.WAYS[ways.SERVED](card, whole)(photos), grades_of)
    assert kept.is_within_bound, kept
    assert grades_of(eager).shape == (24, 6)
    assert grades_of(eager).unique().tolist() == [0, 1, 2, 3]


def test_another_grade_is_seen() -> None:
    chances = torch.tensor([[0.5002, 0.4998], [0.9, 0.1]])
    other = torch.tensor([[0.4998, 0.5002], [0.9, 0.1]])
    kept = compare((chances,), (other,), lambda outputs: outputs[0].argmax(dim=1))
    assert kept.differs == pytest.approx(4e-4, abs=1e-6)
    assert (kept.regraded, kept.is_within_bound) == (1, False)


def test_all_take_turns_with_their_batches_and_threads() -> None:
    seen: list[tuple[str, int, int]] = []

    def runs(name: str) -> ways.Run:
        def run(photos: Tensor) -> tuple[Tensor, ...]:
            seen.append((name, len(photos), torch.get_num_threads()))
            return (photos,)

        return run

    turns = [Turn("one", 5, 1), Turn("other", 2, 2)]
    found = take_turns(
        {name: runs(name) for name in ("one", "other")},
        torch.zeros(3, 1),
        turns,
        [(FP32, 1)],
        Rounds(repeats=2, seconds=0),
    )
    assert seen == [("one", 5, 1), ("other", 2, 2)] * 3
    assert {turn: len(values) for turn, values in found.rates.items()} == dict.fromkeys(turns, 2)
    assert min(found.products[FP32, 1]) > 0


def test_a_batch_is_filled_from_the_beginning() -> None:
    assert fill(torch.arange(3), 5).tolist() == [0, 1, 2, 0, 1]


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    with threads_of_torch(before + 1):
        assert torch.get_num_threads() == before + 1
        assert product_rate(torch.float32, 1) > 0
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_tables_have_their_rows() -> None:
    turn = Turn(ways.SERVED, 8, 2)
    found = Found({(FP32, 2): [90.0, 110.0, 100.0]}, {turn: [50.0, 40.0, 60.0]})
    console = Console(file=io.StringIO(), record=True, width=100)
    console.print(products_table(found, found))
    console.print(ways_table(found, 0.5, {ways.SERVED: Kept(1.5e-6, 0)}))
    console.print(batches_table(found, 0.5))
    text = console.export_text()
    for part in ("100 (90–110)", "50 (40–60)", "25.0", "25%", "1.5e-06", ways.SERVED):
        assert part in text
