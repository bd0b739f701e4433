from pathlib import Path

import numpy as np
import pytest
import torch

from export.data.dataset import Packed, Split
from export.metrics import Predicted, confusion, exact_share, macro_f1, quadratic_kappa
from export.network import ScalpNetwork
from export.recipe import Phase, Recipe, read_recipe
from export.refine import Cells, Settings, refine
from export.train import augment, fit

pytestmark = pytest.mark.ml

RECIPE = Recipe(
    name="test",
    seed=1,
    batch_size=2,
    steps_an_epoch=1,
    learning_rate=1e-3,
    weight_decay=0.0,
    warm_up=0.3,
    gradient_norm=1.0,
    average_decay=0.9,
    domain_weight=0.5,
    threads=1,
    phases=(Phase(32, 1), Phase(64, 1)),
)


def some_photos(count: int) -> Packed:
    rng = np.random.default_rng(1)
    grades = rng.integers(0, 4, (count, 6))
    grades[-1] = -1
    return Packed(rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8), grades)


def test_committed_recipes_are_read() -> None:
    folder = Path(__file__).parents[2] / "export" / "recipes"
    recipes = [read_recipe(path) for path in folder.glob("*.toml")]
    assert recipes
    for recipe in recipes:
        sizes = [recipe.size_of(epoch) for epoch in range(recipe.epochs)]
        assert sizes == sorted(sizes)
        assert all(size % 32 == 0 for size in sizes)


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    data = {split: some_photos(5) for split in Split}
    fit(RECIPE, data, tmp_path)
    lines = (tmp_path / "progress.jsonl").read_text().splitlines()
    assert len(lines) == RECIPE.epochs
    assert (tmp_path / "best.safetensors").exists()
    fit(RECIPE, data, tmp_path)
    assert len((tmp_path / "progress.jsonl").read_text().splitlines()) == RECIPE.epochs


def test_augmented_photos_stay_photos() -> None:
    photos = torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8)
    pixels = augment(photos, 32)
    assert pixels.shape == (4, 3, 32, 32)
    assert 0 <= float(pixels.min()) <= float(pixels.max()) <= 1


def sure_answers(packed: Packed, sharpness: float) -> Predicted:
    grades = torch.from_numpy(packed.grades)
    logits = ((grades[..., None] > torch.arange(3)).float() - 0.5) * sharpness
    return Predicted(logits, (grades[:, 0] >= 0).float() * 2 - 1)


def test_right_answers_score_one() -> None:
    packed = some_photos(40)
    assert set(exact_share(sure_answers(packed, 9), packed).values()) == {1.0}
    counts = confusion(packed.grades[:-1, 0], packed.grades[:-1, 0])
    assert quadratic_kappa(counts) == macro_f1(counts) == 1.0
    assert quadratic_kappa(np.array([[0, 9], [9, 0]]).repeat(2, 0).repeat(2, 1)) < 0.1


def test_refining_leaves_the_backbone_alone() -> None:
    network = ScalpNetwork()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    channels = before["trunk.join.0.weight"].shape[0]
    cells = Cells(torch.randn(20, channels, 2, 2).half(), torch.from_numpy(some_photos(20).grades))
    after = refine(network, cells, Settings(steps=3)).state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith(("trunk.join.", "heads.", "domain.")) for name in changed)
