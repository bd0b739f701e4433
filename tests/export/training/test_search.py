"""The search goes on where it was cut, prunes, and writes a recipe that trains."""

import fcntl
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from optuna.distributions import FloatDistribution
from optuna.trial import FixedTrial, TrialState, create_trial

from export.recipe import read_recipe
from export.search import BEST, Busy, open_study, read_space, recipe_with, search, suggested
from tests.export.training.tiny import RECIPE, some_data

pytestmark = pytest.mark.ml

COMMITTED = Path(__file__).parents[3] / "export" / "recipes" / "shipped.search.toml"
DATA = some_data()


def space_in(folder: Path, **search_for: Any) -> Path:
    (folder / "tiny.toml").write_text(tomli_w.dumps(RECIPE))
    content = {
        "recipe": "tiny.toml",
        "overrides": {"phases": [{"size": 32, "epochs": 2}], "steps_an_epoch": 1},
        "search": search_for or {"optimiser.learning_rate": {"low": 1e-4, "high": 1e-2}},
    }
    path = folder / "space.toml"
    path.write_text(tomli_w.dumps(content))
    return path


def test_a_study_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    space = read_space(space_in(tmp_path))
    first = search(space, DATA, tmp_path / "run", trials=1)
    first.ask()  # a trial that is never told of: its process was killed
    study = search(space, DATA, tmp_path / "run", trials=2)
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.FAIL) == 1
    assert len(states) == 3
    assert len(search(space, DATA, tmp_path / "run", trials=2).trials) == 3
    best = read_recipe(tmp_path / "run" / BEST)
    assert best.optimiser.learning_rate == study.best_params["optimiser.learning_rate"]
    assert (best.epochs, best.steps_an_epoch) == (3, 2)
    assert (tmp_path / "run" / "trial_0" / "progress.jsonl").exists()
    tried = {trial.params["optimiser.learning_rate"] for trial in study.trials if trial.params}
    assert len(tried) == 2, "Regression: taken up again, a search repeated its trials"


def test_one_process_searches_in_a_folder(tmp_path: Path) -> None:
    space = read_space(space_in(tmp_path))
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="another process searches"):
            search(space, DATA, tmp_path / "run", trials=1)


def test_a_trial_that_falls_behind_is_cut_off(tmp_path: Path) -> None:
    space = read_space(space_in(tmp_path))
    ahead = create_trial(
        params={"optimiser.learning_rate": 1e-3},
        distributions={"optimiser.learning_rate": FloatDistribution(1e-4, 1e-2)},
        value=0.9,
        intermediate_values={1: 0.9, 2: 0.9},
    )
    study = open_study(space, tmp_path / "run")
    for _ in range(5):  # so many are watched before one is pruned
        study.add_trial(ahead)
    study = search(space, DATA, tmp_path / "run", trials=6)
    assert study.trials[-1].state is TrialState.PRUNED
    lines = (tmp_path / "run" / "trial_5" / "progress.jsonl").read_text().splitlines()
    assert len(lines) == 1
    assert read_recipe(tmp_path / "run" / BEST).optimiser.learning_rate == 1e-3


def test_the_committed_space_fits_its_recipe() -> None:
    space = read_space(COMMITTED)
    chosen = {p: w["choices"][-1] if "choices" in w else w["low"] for p, w in space.search.items()}
    found = suggested(FixedTrial(chosen), space.search)
    recipe = recipe_with(space, found, shortened=True)
    assert recipe.loss.name == space.search["loss.name"]["choices"][-1]
    assert isinstance(recipe.batch_size, int)
    whole = recipe_with(space, found, shortened=False)
    assert whole.epochs > recipe.epochs
    assert whole.loss == recipe.loss
