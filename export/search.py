"""Searches better values for a recipe, with Optuna.

    python -m export.search --space export/recipes/shipped.search.toml --data var/data/train \\
        --run var/runs/search --trials 20

The space is a TOML file: the recipe that it varies, overrides for all trials (a search trains
shorter), and the values to be found, by their place in the recipe. Trials that fall behind are cut
off after an epoch. The study lies in the run's folder: the same command goes on with it, also after
a cut, and writes the best recipe so far to ``best.toml`` after each trial.
"""

import argparse
import fcntl
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import tomli_w
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console

from export.data.items import Packed, Split
from export.data.options import add_data_options, read_packed
from export.recipe import Json, Recipe, override_value, read_values
from export.train import fit
from export.training.layouts import Training
from export.training.validation import Line, figure_of

BEST = "best.toml"


class Busy(RuntimeError):
    """Another process searches in this folder."""


@dataclass(frozen=True, slots=True)
class Space:
    """``values`` are the recipe's; ``search`` says by place what may stand there instead:
    ``{ choices = […] }`` or ``{ low = …, high = …, log = true }``, whole where both ends are.
    """

    values: Json
    overrides: Json
    search: Mapping[str, Json]
    pruned_after: int


def read_space(path: Path) -> Space:
    """Raises ``KeyError`` where a part is missing, and as ``read_values`` does."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return Space(
        values=read_values(path.with_name(content["recipe"])),
        overrides=content.get("overrides", {}),
        search=content["search"],
        pruned_after=content.get("pruned_after", 1),
    )


def suggested(trial: Trial, search: Mapping[str, Json]) -> Json:
    """A value for each place."""
    return {place: _suggest(trial, place, wanted) for place, wanted in search.items()}


def _suggest(trial: Trial, place: str, wanted: Json) -> Any:
    if "choices" in wanted:
        return trial.suggest_categorical(place, wanted["choices"])
    low, high = wanted["low"], wanted["high"]
    kind = trial.suggest_int if isinstance(low, int) and isinstance(high, int) else None
    return (kind or trial.suggest_float)(place, low, high, log=wanted.get("log", False))


def recipe_with(space: Space, found: Json, *, shortened: bool) -> Recipe:
    values = tomllib.loads(tomli_w.dumps(space.values))
    for place, value in {**(space.overrides if shortened else {}), **found}.items():
        override_value(values, place, value)
    return Recipe.model_validate(values)


def open_study(space: Space, folder: Path) -> optuna.Study:
    """The study of the folder, begun or taken up again; a trial that was cut is forgotten.

    The sampler draws on from the number of trials, or it would try again what it tried."""
    folder.mkdir(parents=True, exist_ok=True)
    seed = recipe_with(space, {}, shortened=True).seed
    study = optuna.create_study(
        storage=f"sqlite:///{folder / 'study.db'}",
        study_name="search",
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=space.pruned_after),
    )
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.get_trials(deepcopy=False)))
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return study


def search(space: Space, data: Mapping[Split, Packed], folder: Path, trials: int) -> optuna.Study:
    """Goes on until ``trials`` were finished or pruned, those of earlier calls included.

    Raises ``Busy``.
    """
    with _alone(folder):
        return _search(space, data, folder, trials)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A second process would take the first one's running trial for one that was cut."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise Busy(f"another process searches in {folder}") from fault
        yield


def _search(space: Space, data: Mapping[Split, Packed], folder: Path, trials: int) -> optuna.Study:
    study = open_study(space, folder)

    def objective(trial: Trial) -> float:
        recipe = recipe_with(space, suggested(trial, space.search), shortened=True)

        def watch(line: Line) -> None:
            trial.report(figure_of(line, recipe.stopping), int(line["epoch"]))
            if trial.should_prune():
                raise optuna.TrialPruned

        training = Training(folder / f"trial_{trial.number}", recipe, recipe.conditions)
        return max(figure_of(line, recipe.stopping) for line in fit(training, data, watch=watch))

    def keep_best(study: optuna.Study, _: FrozenTrial) -> None:
        if study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            write_recipe(recipe_with(space, study.best_params, shortened=False), folder / BEST)

    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    study.optimize(objective, n_trials=max(0, trials - len(done)), callbacks=[keep_best])
    return study


def write_recipe(recipe: Recipe, path: Path) -> None:
    """As a file that ``read_recipe`` takes; values that are the defaults are left out."""
    path.write_text(tomli_w.dumps(recipe.model_dump(mode="json", exclude_defaults=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--space", type=Path, required=True)
    add_data_options(parser)
    parser.add_argument("--run", type=Path, required=True, help="folder of the study")
    parser.add_argument("--trials", type=int, default=20, help="of all calls together")
    given = parser.parse_args()
    space = read_space(given.space)
    recipe = recipe_with(space, {}, shortened=True)
    cache, asks_extents = given.run.parent / "packed", recipe.loss.extent_weight > 0
    data = read_packed(given, cache, recipe.size, with_extents=asks_extents)
    study = search(space, data, given.run, given.trials)
    Console().print(f"{study.best_value:.4f} with {study.best_params}: {given.run / BEST}")


if __name__ == "__main__":
    main()
