"""Temperatures and thresholds: what they follow, and that only their own split is looked at."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
import torch

from dupi.knowledge.vocabulary import Condition
from export.calibrate import abstention_threshold, calibrate, calibrate_network
from export.data.items import Packed, Split
from export.metrics import Predicted
from export.network import ScalpNetwork
from export.recipe import Backbone

pytestmark = pytest.mark.ml


def some_photos(count: int, size: int = 8) -> Packed:
    grades = np.random.default_rng(1).integers(0, 4, (count, 6))
    grades[-1] = -1
    return Packed(np.zeros((count, size, size, 3), np.uint8), grades)


def sure_answers(packed: Packed, sharpness: float) -> Predicted:
    grades = torch.from_numpy(packed.grades)
    logits = ((grades[..., None] > torch.arange(3)).float() - 0.5) * sharpness
    return Predicted(logits, (grades[:, 0] >= 0).float() * 2 - 1)


def test_calibration_cools_doubt_and_warms_false_certainty() -> None:
    packed = some_photos(80)
    calm = calibrate(sure_answers(packed, 1.0), packed)
    wrong = Packed(packed.photos, np.roll(packed.grades, 1, axis=1))
    overconfident = calibrate(sure_answers(packed, 9.0), wrong)
    for condition in Condition:
        assert calm[condition].temperature < 1 < overconfident[condition].temperature


def test_labels_that_are_known_to_err_make_no_head_unsure() -> None:
    """It knows the truth, and is as sure as its labels are right; a twentieth of them is not."""
    packed, rng = some_photos(4001), np.random.default_rng(3)
    beside = np.where(packed.grades == 0, 1, packed.grades - 1)
    wrong = (rng.random(packed.grades.shape) < 0.05) & (packed.grades >= 0)
    labelled = Packed(packed.photos, np.where(wrong, beside, packed.grades))
    answers = sure_answers(packed, 5.0)
    taken, known = calibrate(answers, labelled), calibrate(answers, labelled, 0.05)
    for condition in Condition:
        assert known[condition].temperature < 0.5 * taken[condition].temperature


def test_mistakes_of_labels_let_nothing_abstain() -> None:
    confidence = np.linspace(0.5, 1.0, 1001)
    right = np.random.default_rng(2).random(1001) < 0.97
    assert abstention_threshold(confidence, right) > 0.54
    assert abstention_threshold(confidence, right, 0.03) < 0.51


def test_where_all_are_right_only_the_least_sure_abstain() -> None:
    confidence = np.linspace(0.5, 1.0, 1001)
    threshold = abstention_threshold(confidence, np.ones(1001, np.bool_))
    assert threshold == 0.505  # below it lie 1 % of the right ones


def test_as_many_abstain_as_it_takes() -> None:
    confidence = np.linspace(0.5, 1.0, 1001)
    right = np.ones(1001, np.bool_)
    right[:80:2] = False  # every other one of the least sure
    threshold = abstention_threshold(confidence, right)
    kept = confidence >= threshold
    assert (~right[kept]).mean() == pytest.approx(0.02, abs=0.001)
    assert 0.02 < (~kept).mean() < 0.08


def test_never_more_than_a_tenth_abstain() -> None:
    confidence = np.linspace(0.5, 1.0, 1001)
    right = np.random.default_rng(2).random(1001) < 0.7
    threshold = abstention_threshold(confidence, right)
    assert 0.09 < (confidence < threshold).mean() <= 0.1


class CalibrationOnly(Mapping[Split, Packed]):
    """All splits, of which one may be looked at."""

    def __getitem__(self, split: Split) -> Packed:
        if split is not Split.CALIBRATION:
            raise AssertionError(f"a threshold was chosen on the {split} split")
        return some_photos(3, size=64)

    def __iter__(self) -> Iterator[Split]:
        raise AssertionError("all splits were looked at")

    def __len__(self) -> int:
        return len(Split)


def test_a_threshold_comes_from_the_calibration_split_alone() -> None:
    torch.manual_seed(1)
    network = ScalpNetwork(Backbone(name="small_cnn", width=0.25))
    found = calibrate_network(network, CalibrationOnly())
    assert set(found) == {*Condition, "IN_DOMAIN"}
    assert all(0 <= c.abstain_below <= 1 for c in found.values())
