"""The commands one after the other, as a person types them; only reading the photos is left out."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w

from dupi.vision import contract
from export import refine, release, search, train
from export.refine import Settings
from export.training.checkpoints import BEST, read_origin
from export.weights_file import read_card
from tests.export.training.tiny import RECIPE, some_data

pytestmark = pytest.mark.ml

DATA = some_data()
Run = Callable[..., None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def command(main: Callable[[], None], **options: object) -> None:
        given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        monkeypatch.setattr("sys.argv", ["command", *given])
        main()

    monkeypatch.setattr("export.data.options.packed_splits", lambda *_, **__: DATA)
    return command


def test_from_a_recipe_to_weights(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(RECIPE))
    first, refined = tmp_path / "first", tmp_path / "refined"
    run(train.main, recipe=tmp_path / "tiny.toml", data=tmp_path, run=first, set="seed=7")
    assert read_origin(first / BEST)["seed"] == 7
    monkeypatch.setattr(refine, "Settings", lambda: Settings(views=1, steps=2))
    run(refine.main, data=tmp_path, start=first, run=refined)
    assert read_origin(refined / BEST)["refined"]["steps"] == 2
    run(release.main, data=tmp_path, run=refined, version=5, weights=tmp_path / "weights")
    cards = [read_card(path) for path in (tmp_path / "weights").iterdir()]
    assert {card.model for card in cards} == set(contract.COMPONENTS)
    assert {(card.version, card.trunk_version, card.input_size) for card in cards} == {(5, 5, 64)}
    assert {card.trained_on for card in cards} == {"11 photos from a source that is not known"}


def test_from_a_space_to_a_recipe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(RECIPE))
    space = {"recipe": "tiny.toml", "search": {"seed": {"low": 1, "high": 9}},
             "overrides": {"phases": [{"size": 32, "epochs": 1}]}}  # fmt: skip
    (tmp_path / "space.toml").write_text(tomli_w.dumps(space))
    run(search.main, space=tmp_path / "space.toml", data=tmp_path, run=tmp_path / "s", trials=1)
    run(train.main, recipe=tmp_path / "s" / search.BEST, data=tmp_path, run=tmp_path / "run")
    assert 1 <= read_origin(tmp_path / "run" / BEST)["seed"] <= 9
