"""The committed recipes: each is read, says what it is for, and trains."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dupi.knowledge.vocabulary import Condition
from export.recipe import Recipe, read_recipe
from export.train import fit
from export.training.layouts import load_run, trainings
from tests.export.training.tiny import some_data, tiny

pytestmark = pytest.mark.ml

FOLDER = Path(__file__).parents[3] / "export" / "recipes"
RECIPES = sorted(p for p in FOLDER.glob("*.toml") if not p.name.endswith(".search.toml"))
SMALL = (
    "threads=1", "batch_size=2", "accumulate=1", "steps_an_epoch=1", "compiled=false",
    "backbone.width=0.1", "backbone.depth=0.1", "phases=[{size = 64, epochs = 1}]",
)  # fmt: skip
SMALL_MEMBERS = (
    "members=[{seed = 1, backbone = {name = 'convnext_v2', width = 0.1, depth = 0.1}},"
    " {seed = 2, backbone = {name = 'efficientnet_b4', width = 0.1, depth = 0.1}}]"
)
DATA = some_data()


def committed(name: str, *overrides: str) -> Recipe:
    return read_recipe(FOLDER / f"{name}.toml", overrides)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_on_tiny_data(path: Path, tmp_path: Path) -> None:
    recipe = read_recipe(path, SMALL)
    if recipe.layout == "ensemble":
        recipe = read_recipe(path, [*SMALL, SMALL_MEMBERS])
    if recipe.layout == "per_condition" and len(recipe.conditions) > 1:
        recipe = read_recipe(path, [*SMALL, "conditions=['DANDRUFF', 'HAIR_LOSS']"])
    for training in trainings(recipe, tmp_path):
        (line,) = fit(training, DATA)
        assert line["validation_loss"] > 0
    logits, domain = load_run(tmp_path)(torch.zeros(3, 64, 64, 3, dtype=torch.uint8))
    assert logits.shape[:2] == (3, len(recipe.conditions))
    assert domain.shape == (3,)


def test_sizes_only_grow() -> None:
    for recipe in map(read_recipe, RECIPES):
        sizes = [recipe.size_of(epoch) for epoch in range(recipe.epochs)]
        assert sizes == sorted(sizes)
        assert sizes[-1] == recipe.size


def test_the_reference_is_the_published_one() -> None:
    recipe = committed("reference")
    assert recipe.backbone.name == "efficientnet_b7"
    assert (recipe.layout, recipe.conditions) == ("per_condition", tuple(Condition))
    assert (recipe.size, recipe.epochs, recipe.loss.name) == (600, 10, "cross_entropy")
    assert (recipe.optimiser.name, recipe.optimiser.learning_rate) == ("adam", 1e-4)
    assert recipe.schedule.name == "step"


def test_the_student_project_made_one_change_at_a_time() -> None:
    start, batch_4 = committed("student_b0"), committed("student_batch_4")
    assert (start.backbone.name, start.batch_size) == ("efficientnet_b0", 2)
    assert batch_4 == start.model_copy(update={"name": "student-batch-4", "batch_size": 4})
    jitter = committed("student_color_jitter").augmentation
    assert min(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue) > 0
    assert committed("student_resized_crop").augmentation.crop > 0
    assert committed("student_blur").augmentation.blur > 0
    adamw = committed("student_adamw").optimiser
    assert (adamw.name, adamw.learning_rate) == ("adamw", 1e-3)
    assert committed("student_plateau").schedule.name == "plateau"
    assert committed("student_800").size == 800


def test_an_override_replaces_one_value_by_its_place() -> None:
    plain = committed("gpu")
    other = committed("gpu", "optimiser.learning_rate=0.5", "name=other", "loss.name=focal")
    assert (other.optimiser.learning_rate, other.name, other.loss.link) == (0.5, "other", "softmax")
    assert other.optimiser.weight_decay == plain.optimiser.weight_decay
    with pytest.raises(ValueError, match="expected place=value"):
        committed("gpu", "seed")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("optimiser__learning_speed", 1), ("batch_size", 1), ("loss__balance", 1.0),
        ("backbone__name", "alexnet"), ("layout", "ensemble"), ("phases", []),
        ("phases", [{"size": 72, "epochs": 1}]),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_refused(place: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        tiny(**{place: value})
