"""Losses against a library's own, against what they are for, and with photos that have no grade."""

from typing import Any

import numpy as np
import pytest
import torch
from coral_pytorch.dataset import levels_from_labelbatch
from coral_pytorch.losses import coral_loss, corn_loss
from torch.nn import functional

from export.network import CORAL, CORN, SOFTMAX
from export.recipe import Loss
from export.training.losses import (
    GradeLoss,
    areas_of,
    domain_loss,
    effective_weights,
    extent_loss,
)

pytestmark = pytest.mark.ml

NAMES = ("cross_entropy", "focal", "class_distance", "corn", "coral")
OUTPUTS = {CORN: 3, CORAL: 3, SOFTMAX: 4}
EVEN = np.repeat(np.arange(4), 5)[:, None].repeat(6, axis=1)
GRADES = torch.tensor([[0], [1], [2], [3], [3], [0]])


def loss(name: Any, training: np.ndarray = EVEN[:, :1], **values: float) -> GradeLoss:
    return GradeLoss(Loss(name=name, **values), training)


def logits(name: Any, conditions: int = 1, photos: int = 6) -> torch.Tensor:
    torch.manual_seed(3)
    return torch.randn(photos, conditions, OUTPUTS[Loss(name=name).link], requires_grad=True)


def test_corn_and_coral_are_those_of_their_authors() -> None:
    found = logits("corn")
    theirs = corn_loss(found[:, 0], GRADES[:, 0], num_classes=4)
    assert torch.allclose(loss("corn")(found, GRADES), theirs)
    levels = levels_from_labelbatch(GRADES[:, 0], num_classes=4)
    assert torch.allclose(loss("coral")(found, GRADES), coral_loss(found[:, 0], levels))


def test_cross_entropy_is_torchs_own_and_the_focal_one_without_power() -> None:
    found = logits("cross_entropy")
    own = functional.cross_entropy(found[:, 0], GRADES[:, 0])
    assert torch.allclose(loss("cross_entropy")(found, GRADES), own)
    assert torch.allclose(loss("focal", power=0.0)(found, GRADES), own)


def test_the_focal_loss_listens_to_the_uncertain() -> None:
    easy = torch.tensor([[[4.0, 0, 0, 0]]])
    hard = torch.tensor([[[0.0, 1, 0, 0]]])
    grade = torch.zeros(1, 1, dtype=torch.int64)
    ratio = {
        name: float(loss(name)(hard, grade) / loss(name)(easy, grade))
        for name in ("cross_entropy", "focal")
    }
    assert ratio["focal"] > 10 * ratio["cross_entropy"]


def test_a_chance_far_from_the_true_grade_costs_more() -> None:
    near = torch.tensor([[[0.0, 3, 0, 0]]])
    far = torch.tensor([[[0.0, 0, 0, 3]]])
    grade = torch.zeros(1, 1, dtype=torch.int64)
    assert float(loss("cross_entropy")(near, grade)) == float(loss("cross_entropy")(far, grade))
    assert loss("class_distance")(far, grade) > 2 * loss("class_distance")(near, grade)


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_teaches_the_grade(name: str) -> None:
    found = logits(name).detach().requires_grad_()
    optimiser = torch.optim.Adam([found], 0.3)
    first = loss(name)(found, GRADES)
    for _ in range(60):
        optimiser.zero_grad()
        last = loss(name)(found, GRADES)
        last.backward()
        optimiser.step()
    assert last < 0.1 * first


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_without_grade_teaches_nothing(name: str) -> None:
    strangers = torch.full((6, 1), -1)
    found = logits(name)
    loss(name)(found, strangers).backward()
    assert found.grad is not None
    assert not found.grad.any()
    mixed = torch.cat([GRADES, strangers])
    assert torch.allclose(
        loss(name)(torch.cat([found, found]), mixed), loss(name)(found, GRADES), atol=1e-6
    )


def test_weights_are_one_over_the_effective_number_of_photos() -> None:
    grades = np.repeat([0, 1, 2, 3, -1], [1000, 100, 10, 1, 7])
    weights = effective_weights(grades, 0.99)
    assert weights.sum() == pytest.approx(4)
    assert weights[3] / weights[2] == pytest.approx((1 - 0.99**10) / 0.01)
    assert list(effective_weights(grades, 0.0)) == [1, 1, 1, 1]


@pytest.mark.parametrize("name", NAMES)
def test_rare_grades_weigh_more_where_balanced(name: str) -> None:
    training = np.repeat([0, 3], [500, 5])[:, None]
    found, grades = logits(name, photos=2), torch.tensor([[0], [3]])
    loss(name, training, balance=0.999)(found, grades).backward()
    assert found.grad is not None
    balanced = found.grad.abs().sum(dim=(1, 2))
    plain = logits(name, photos=2)
    loss(name, training)(plain, grades).backward()
    assert plain.grad is not None
    even = plain.grad.abs().sum(dim=(1, 2))
    assert balanced[1] / balanced[0] > 5 * even[1] / even[0]


def test_the_domain_is_asked_of_all() -> None:
    grades = torch.tensor([[0] * 6, [-1] * 6])
    sure = torch.tensor([9.0, -9.0])
    assert domain_loss(sure, grades) < 0.01 < domain_loss(-sure, grades)


def test_extents_are_asked_of_the_photos_that_tell_them() -> None:
    extents = torch.full((2, 6, 8, 8), 255, dtype=torch.uint8)
    extents[0] = 0
    extents[0, 2, :4] = 250
    areas = areas_of(extents)
    right, wrong = torch.full((2, 6, 4, 4), -20.0), torch.zeros(2, 6, 4, 4)
    right[0, 2, :2] = 20.0
    assert float(extent_loss(right, areas)) < 1e-6
    assert float(extent_loss(wrong, areas)) == pytest.approx(0.6931, abs=1e-3)
    other = wrong.clone()
    other[1] = 7.0
    assert torch.equal(extent_loss(other, areas), extent_loss(wrong, areas))
    assert float(extent_loss(wrong[1:], areas[1:])) == 0


def test_small_extents_count() -> None:
    """A hundredth of a cell is a tenth of what is asked, not a hundredth."""
    areas = torch.full((1, 1, 1, 1), 0.01)
    logits = torch.zeros(1, 1, 1, 1, requires_grad=True)
    extent_loss(logits, areas).backward()
    assert logits.grad is not None
    assert float(logits.grad) == pytest.approx(0.5 - 0.1)
