"""Optimisers and schedules do what their names say."""

from typing import Any

import pytest
import torch
from torch import nn

from export.recipe import Optimiser
from export.training.optimisers import Schedule, build_optimiser, follow
from tests.export.training.tiny import tiny

pytestmark = pytest.mark.ml

STEPS = 10


def rates(**values: Any) -> list[float]:
    """The learning rate of each step of two epochs of ten."""
    recipe = tiny(
        phases=[{"size": 32, "epochs": 2}], optimiser__learning_rate=1.0, optimiser__name="sgd",
        **{f"schedule__{name}": value for name, value in values.items()},
    )  # fmt: skip
    optimiser = build_optimiser(nn.Linear(1, 1), recipe.optimiser)
    schedule, found = Schedule(optimiser, recipe, STEPS), []
    for step in range(2 * STEPS):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.after_step()
        if step % STEPS == STEPS - 1:
            schedule.after_epoch(0.5)
    return found


def test_a_constant_rate_warms_up() -> None:
    found = rates(name="constant", warm_up=0.2)
    assert found[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert found[4:] == [1.0] * 16


def test_steps_fall_by_the_factor() -> None:
    assert rates(name="step", every=1, factor=0.1) == pytest.approx([1.0] * 10 + [0.1] * 10)


def test_a_cosine_falls_to_nothing_after_warming_up() -> None:
    found = rates(name="cosine", warm_up=0.25)
    assert found[:5] == sorted(found[:5])
    assert found[5:] == sorted(found[5:], reverse=True)
    assert found[5] == pytest.approx(1.0)
    assert found[-1] < 0.02
    assert found[12] == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("loss", [-5.0, -0.5])
def test_a_loss_that_stays_as_it_is_is_a_plateau(loss: float) -> None:
    """Regression: a share of a negative figure lies below it, so that every epoch was a gain."""
    recipe = tiny(
        optimiser__learning_rate=1.0, schedule__name="plateau", schedule__patience=1,
        schedule__factor=0.5,
    )  # fmt: skip
    optimiser = build_optimiser(nn.Linear(1, 1), recipe.optimiser)
    schedule = Schedule(optimiser, recipe, STEPS)
    optimiser.step()
    for _ in range(3):
        schedule.after_epoch(loss)
    assert optimiser.param_groups[0]["lr"] == 0.5


def test_one_cycle_rises_and_falls() -> None:
    found = rates(name="one_cycle", warm_up=0.5)
    assert found.index(max(found)) == 10
    assert max(found) == pytest.approx(1.0, abs=0.01)
    assert found[0] == pytest.approx(1 / 25)
    assert found[-1] < 0.05


def test_a_plateau_is_left_after_its_patience() -> None:
    recipe = tiny(schedule={"name": "plateau", "patience": 1, "factor": 0.5},
                  optimiser__learning_rate=1.0)  # fmt: skip
    optimiser = build_optimiser(nn.Linear(1, 1), recipe.optimiser)
    schedule, found = Schedule(optimiser, recipe, STEPS), []
    for figure in (0.1, 0.5, 0.5, 0.5, 0.9):
        schedule.after_epoch(figure)
        found.append(optimiser.param_groups[0]["lr"])
    assert found == [1, 1, 1, 0.5, 0.5]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)],
)
def test_matrices_decay_and_vectors_do_not(name: Any, kind: Any) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    wanted = Optimiser(name=name, learning_rate=0.1, weight_decay=0.3, momentum=0.8)
    optimiser = build_optimiser(network, wanted)
    assert isinstance(optimiser, kind)
    decays = {id(p): g["weight_decay"] for g in optimiser.param_groups for p in g["params"]}
    assert decays == {id(p): 0.3 if p.dim() > 1 else 0.0 for p in network.parameters()}
    if name == "sgd":
        assert (optimiser.param_groups[0]["momentum"], optimiser.param_groups[0]["nesterov"]) == (
            0.8,
            True,
        )


def test_the_average_moves_by_what_decay_leaves() -> None:
    average, network = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    nn.init.constant_(network.weight, 5.0)
    network.running_mean.fill_(7.0)
    follow(average, network, 0.75)
    assert average.weight.tolist() == [2.0, 2.0]
    assert average.running_mean.tolist() == [7.0, 7.0]
