"""Optimisers and the schedules of their learning rate."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim import lr_scheduler as schedulers

from export.recipe import Optimiser, Recipe


def build_optimiser(network: nn.Module, wanted: Optimiser) -> Optimizer:
    """Biases and normalisations (vectors) do not decay."""
    groups = [
        {"params": list(_parameters(network, matrices=True)), "weight_decay": wanted.weight_decay},
        {"params": list(_parameters(network, matrices=False)), "weight_decay": 0.0},
    ]
    if wanted.name == "sgd":
        nesterov = wanted.momentum > 0
        return SGD(groups, wanted.learning_rate, momentum=wanted.momentum, nesterov=nesterov)
    return (Adam if wanted.name == "adam" else AdamW)(groups, wanted.learning_rate)


def _parameters(network: nn.Module, *, matrices: bool) -> Iterator[nn.Parameter]:
    return (p for p in network.parameters() if (p.dim() > 1) == matrices)


class Schedule:
    """The learning rate: most change it after every step, a plateau after a validation."""

    def __init__(self, optimiser: Optimizer, recipe: Recipe, steps_an_epoch: int) -> None:
        self._waits = recipe.schedule.name == "plateau"
        if self._waits:
            self._scheduler: Any = _plateau(optimiser, recipe)
        else:
            self._scheduler = _of_steps(optimiser, recipe, steps_an_epoch)

    def after_step(self) -> None:
        if not self._waits:
            self._scheduler.step()

    def after_epoch(self, figure: float) -> None:
        """``figure`` of the validation: greater is better."""
        if self._waits:
            self._scheduler.step(figure)

    def state_dict(self) -> dict[str, Any]:
        return dict(self._scheduler.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._scheduler.load_state_dict(state)


def _plateau(optimiser: Optimizer, recipe: Recipe) -> schedulers.ReduceLROnPlateau:
    """Gains are told by their amount: the share of a negative figure, as a loss is, lies below it,
    and every epoch would be a gain."""
    return schedulers.ReduceLROnPlateau(
        optimiser,
        mode="max",
        threshold_mode="abs",
        factor=recipe.schedule.factor,
        patience=recipe.schedule.patience,
    )


def _of_steps(optimiser: Optimizer, recipe: Recipe, an_epoch: int) -> schedulers.LRScheduler:
    wanted, steps = recipe.schedule, recipe.epochs * an_epoch
    if wanted.name == "one_cycle":
        # One step more than there are, for it refuses the one after the last.
        return schedulers.OneCycleLR(
            optimiser, recipe.optimiser.learning_rate, steps + 1, pct_start=wanted.warm_up
        )
    warming = wanted.warm_up * steps

    def factor(step: int) -> float:
        """Of the greatest rate, in ``step`` (from 0)."""
        if step < warming:
            return (step + 1) / (warming + 1)
        if wanted.name == "cosine":
            return 0.5 + 0.5 * math.cos(math.pi * (step - warming) / max(1, steps - warming))
        if wanted.name == "step":
            return float(wanted.factor ** (step // (an_epoch * wanted.every)))
        return 1.0

    return schedulers.LambdaLR(optimiser, factor)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Moves a moving average (EMA) of weights; batch normalisation's statistics are averages."""
    for kept, value in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(value, 1.0 - decay)
    for kept, value in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(value)
