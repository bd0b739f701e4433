"""The weights that are shipped grade drawn photos, by devices never trained on, as they were drawn.

A few drawings each, to notice weights that do not belong to this code; how good they are is judged
on thousands (export/weights/README.md).
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from dupi.knowledge.vocabulary import Condition, Severity
from dupi.vision import contract
from export.data.dataset import model_input
from export.data.drawing import draw_stranger, pick_kind
from export.data.drawing.devices import pick_device
from export.data.drawing.grades import NO_CONDITION, Grades
from export.data.drawing.sampling import Purpose
from export.data.drawn import draw_alone
from export.weights_file import WEIGHTS, Card, read_card, weights_files
from export.wrap import served_module
from tests.support.strangers import stranger

pytestmark = pytest.mark.ml

PHOTOS = Path(__file__).parents[2] / "frontend-contract" / "examples" / "photos"
BYTES_ALLOWED = 12_000_000


def face_by_another_hand(rng: np.random.Generator) -> Image.Image:
    """A face drawn by the tests alone: no head was trained on one."""
    return stranger("face", int(rng.integers(2**31)))


@pytest.fixture(scope="module")
def models() -> dict[str, tuple[Card, nn.Module]]:
    """The newest of each, as a first deployment takes them."""
    modules = sorted(map(served_module, weights_files()), key=lambda pair: pair[0].version)
    return {card.model: (card, module) for card, module in modules}


@torch.inference_mode()
def answer(models: dict[str, tuple[Card, nn.Module]], photos: np.ndarray) -> dict[str, np.ndarray]:
    features = models[contract.TRUNK][1](torch.from_numpy(photos))[0]
    return {
        name: module(features)[0].numpy()
        for name, (_, module) in models.items()
        if name != contract.TRUNK
    }


def grades_of(models: dict[str, tuple[Card, nn.Module]], photos: np.ndarray) -> list[Grades]:
    answers = answer(models, photos)
    chosen = [answers[contract.head_name(condition)].argmax(axis=1) for condition in Condition]
    return [
        dict(zip(Condition, map(Severity, row), strict=True))
        for row in np.stack(chosen, axis=1).tolist()
    ]


def prepared(photo: Image.Image) -> np.ndarray:
    size = (contract.INPUT_SIZE, contract.INPUT_SIZE)
    return np.asarray(photo.resize(size, Image.Resampling.BICUBIC))


def drawn_alone(condition: Condition, severity: Severity, count: int = 1) -> np.ndarray:
    return np.stack([prepared(draw_alone(condition, severity, n).photo) for n in range(count)])


def some_stranger(rng: np.random.Generator, kind: str | None = None) -> Image.Image:
    device = pick_device(rng, Purpose.TRAINING)
    return draw_stranger(kind or pick_kind(rng), device, rng)


def test_every_model_is_shipped_small_and_calibrated() -> None:
    files = list(weights_files())
    assert {read_card(path).model for path in files} == set(contract.COMPONENTS)
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < BYTES_ALLOWED
    for card in map(read_card, files):
        assert card.input_size == contract.INPUT_SIZE
        assert (card.abstain_below is None) == (card.model == contract.TRUNK)
        assert card.temperature > 0
        assert "synthetic" in card.trained_on


def test_every_head_belongs_to_the_shipped_trunk(
    models: dict[str, tuple[Card, nn.Module]],
) -> None:
    trunk, _ = models[contract.TRUNK]
    assert {card.trunk_version for card, _ in models.values()} == {trunk.version}


def test_the_demo_photos_get_their_grades(models: dict[str, tuple[Card, nn.Module]]) -> None:
    records = json.loads((PHOTOS / "photos.json").read_text(encoding="utf-8"))
    photos = np.stack([model_input(PHOTOS / r["file"], contract.INPUT_SIZE) for r in records])
    expected = [{Condition(c): Severity[g] for c, g in r["grades"].items()} for r in records]
    assert grades_of(models, photos) == expected
    assert len({tuple(grades.values()) for grades in expected}) == len(records)


def test_a_clear_scalp_gets_none_for_all_six(models: dict[str, tuple[Card, nn.Module]]) -> None:
    found = grades_of(models, drawn_alone(Condition.DANDRUFF, Severity.NONE, 12))
    assert sum(grades == NO_CONDITION for grades in found) >= 11


def test_single_conditions_get_their_grade(models: dict[str, tuple[Card, nn.Module]]) -> None:
    wanted = [
        {**NO_CONDITION, condition: grade}
        for condition in Condition
        for grade in (Severity.MILD, Severity.SEVERE)
    ]
    photos = [drawn_alone(c, g) for c in Condition for g in (Severity.MILD, Severity.SEVERE)]
    found = grades_of(models, np.concatenate(photos))
    right = [
        found_one[condition] == wanted_one[condition]
        for found_one, wanted_one in zip(found, wanted, strict=True)
        for condition in Condition
    ]
    assert np.mean(right) > 0.9


def test_strangers_are_told_from_scalps(models: dict[str, tuple[Card, nn.Module]]) -> None:
    rng = np.random.default_rng(79)
    strangers = np.stack([prepared(some_stranger(rng)) for _ in range(6)])
    card = models[contract.DOMAIN_HEAD][0]
    floor = card.abstain_below
    assert floor is not None
    score = answer(models, strangers)[contract.DOMAIN_HEAD]
    assert (score < floor).sum() >= 5
    scalps = answer(models, drawn_alone(Condition.HAIR_LOSS, Severity.NONE, 3))[
        contract.DOMAIN_HEAD
    ]
    assert (scalps >= floor).all()


@pytest.mark.parametrize("draw_face", [partial(some_stranger, kind="face"), face_by_another_hand])
def test_faces_are_told_from_scalps(
    models: dict[str, tuple[Card, nn.Module]],
    draw_face: Callable[[np.random.Generator], Image.Image],
) -> None:
    faces = np.stack([prepared(draw_face(np.random.default_rng([81, n]))) for n in range(8)])
    floor = models[contract.DOMAIN_HEAD][0].abstain_below
    assert floor is not None
    assert (answer(models, faces)[contract.DOMAIN_HEAD] < floor).all()
