"""The in-domain head, trained anew on a trunk that stays as it is; on noise, so on few photos."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dupi.vision import contract
from export.calibrate import Calibration
from export.data.dataset import Packed, Split
from export.data.real_photos import KIND, TRAINING, listed
from export.domain import Features, retrain, score, train_head
from export.network import Trunk
from export.refine import Settings
from export.weights_file import Card, digest, read_card, save_weights
from export.wrap import served_module

pytestmark = pytest.mark.ml

SETTINGS = Settings(views=1, steps=60)
SIZE = 64


def dark_scalps_and_light_strangers(count: int, seed: int) -> Packed:
    rng = np.random.default_rng(seed)
    grades = np.zeros((count, 6), np.int64)
    grades[count // 2 :] = -1
    photos = rng.integers(0, 90, (count, SIZE, SIZE, 3), dtype=np.uint8)
    photos[count // 2 :] += 160
    return Packed(photos, grades)


def save_trunk(folder: Path, version: int = 4) -> Path:
    torch.manual_seed(1)
    folder.mkdir()
    return save_weights(folder, Card(contract.TRUNK, version, version, SIZE, 1, None, ""), Trunk())


def test_a_new_head_on_the_same_trunk(tmp_path: Path) -> None:
    trunk = save_trunk(tmp_path / "weights")
    before = digest(trunk)
    data = {s: dark_scalps_and_light_strangers(16, seed) for seed, s in enumerate(Split)}
    path, test = retrain(trunk, data, 7, SETTINGS, tmp_path / "run")
    assert digest(trunk) == before
    card = read_card(path)
    assert (card.model, card.version, card.trunk_version) == (contract.DOMAIN_HEAD, 7, 4)
    assert card.abstain_below is not None
    assert "8 synthetic photos of scalps and 8 of faces" in card.trained_on
    assert (test.scalps, test.strangers) == (8, 8)
    assert test.scalps_refused + test.strangers_taken <= 1
    _, served = served_module(path)
    features = torch.randn(2, contract.FEATURE_CHANNELS, 4, 4)
    assert served(features)[1].tolist() == [[7]] * 2


def photographed(source: str) -> Packed:
    """Scalps and strangers, the last of which is a real photograph of ``source``."""
    packed = dark_scalps_and_light_strangers(4, 1)
    kind = f"{KIND}a thing"
    groups = np.array(["1", "2", "3", f"{kind}/{source}"])
    return replace(packed, groups=groups, sources=np.array(["", "", "fur", kind]))


def test_photographs_to_train_on_are_told_on_the_card(tmp_path: Path) -> None:
    source = next(photo.source for photo in listed() if photo.side == TRAINING)
    data = dict.fromkeys(Split, photographed(source))
    trunk = save_trunk(tmp_path / "weights")
    path, _ = retrain(trunk, data, 7, Settings(views=1, steps=1), tmp_path)
    assert "2 synthetic photos of scalps and 1 of faces" in read_card(path).trained_on
    assert "1 photographs of other things" in read_card(path).trained_on


def test_a_head_is_no_trunk(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    path, _ = retrain(
        save_trunk(folder),
        {s: dark_scalps_and_light_strangers(8, 1) for s in Split},
        7,
        Settings(views=1, steps=1),
        folder,
    )
    data = {Split.TRAINING: dark_scalps_and_light_strangers(2, 1)}
    with pytest.raises(ValueError, match=r"scalp_domain-7\.safetensors is no scalp_trunk"):
        retrain(path, data, 8, SETTINGS, folder)


def test_what_is_told_wrongly_is_counted() -> None:
    scalp = torch.tensor([1.0, 1.0, 0.0, 0.0, 0.0])
    signal = torch.full((5, contract.FEATURE_CHANNELS, 2, 2), -1.0)
    signal[scalp.bool()] = 1.0
    head = train_head(Features(signal, scalp), SETTINGS)
    calibration = Calibration(temperature=1.0, abstain_below=0.5)
    swapped = Features(signal, torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0]))
    assert score(head, Features(signal, scalp), calibration).strangers_taken == 0
    found = score(head, swapped, calibration)
    assert (found.scalps_refused, found.strangers_taken) == (1, 1)


def test_few_photographs_teach_as_much_as_many_drawings() -> None:
    scalp = torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    photograph = torch.tensor([False] * 6 + [True])
    signal = torch.zeros(7, contract.FEATURE_CHANNELS, 2, 2)
    chances = Features(signal, scalp, photograph).chances
    assert (chances / chances.sum()).tolist() == pytest.approx([1 / 8] * 4 + [1 / 8] * 2 + [1 / 4])
    drawn = Features(signal, scalp).chances
    assert (drawn / drawn.sum()).tolist() == pytest.approx([1 / 8] * 4 + [1 / 6] * 3)
