"""Trains join and heads to the end on a finished backbone, whose answers are computed once.

    python -m export.refine --data var/data/train --start var/runs/1 --run var/runs/refined

The backbone is nine tenths of the work of a step and nearly done after a short training; what is
slow to learn lies behind it. A thousand steps here cost as much as half an epoch there. Loss and
augmentation are those of the run's own recipe.
"""

import argparse
import copy
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn

from export.data.items import Packed, Split
from export.data.options import add_data_options, read_packed
from export.metrics import Predicted, exact_share
from export.network import ScalpNetwork
from export.recipe import Augmentation, Loss, Recipe
from export.training.augment import augment
from export.training.checkpoints import BEST, read_best, read_origin, save_best
from export.training.losses import GradeLoss, domain_loss
from export.training.optimisers import follow
from export.training.origin import refuse_other_data

_BATCH = 64
_PLAIN = Augmentation(flips=False)
_LIGHT = Augmentation(cast=0.03, brightness=0.05, noise=0.01)


@dataclass(frozen=True, slots=True)
class Settings:
    """``views``: how many differently augmented copies of each photo are computed."""

    views: int = 3
    steps: int = 900
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    average_decay: float = 0.98
    seed: int = 3


@dataclass(frozen=True, slots=True)
class Cells:
    """``values`` fp16 [n, 361, h, w] with ``grades`` [n, 6] of the photos they are of."""

    values: Tensor
    grades: Tensor


@torch.inference_mode()
def compute_cells(
    network: ScalpNetwork,
    packed: Packed,
    *,
    views: int | None,
    augmentation: Augmentation = _LIGHT,
    seed: int = 0,
) -> Cells:
    """Cells of augmented ``views`` of each photo, or of the photos themselves where None."""
    network.eval()
    generator, parts = torch.Generator().manual_seed(seed), []
    starts = [s for _ in range(views or 1) for s in range(0, len(packed), 32)]
    for start in track(starts, "backbone"):
        photos = torch.tensor(packed.photos[start : start + 32])
        changes = augmentation if views else _PLAIN
        pixels = augment(photos, photos.shape[1], changes, generator)
        parts.append(network.trunk.cells(pixels).half())
    grades = torch.from_numpy(np.tile(packed.grades, (views or 1, 1)))
    return Cells(torch.cat(parts).clone(), grades)


class Rest(nn.Module):
    """What stands behind the backbone, sharing the network's own modules."""

    def __init__(self, network: ScalpNetwork) -> None:
        super().__init__()
        self.join, self.heads, self.domain = network.trunk.join, network.heads, network.domain
        self._network = (network,)  # in a tuple, so that the backbone is not a part of this

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        return self._network[0].grade(self.join(cells))


def refine(
    network: ScalpNetwork, training: Cells, settings: Settings, wanted: Loss | None = None
) -> ScalpNetwork:
    """``network`` with join and heads trained on; the average over the last steps."""
    wanted = wanted or Loss()
    torch.manual_seed(settings.seed)
    loss_of_grades = GradeLoss(wanted, training.grades.numpy())
    rest = Rest(network).train()
    average = Rest(copy.deepcopy(network)).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(
        rest.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=settings.learning_rate, total_steps=settings.steps + 1, pct_start=0.1
    )
    for _ in track(range(settings.steps), "join and heads"):
        rows = torch.randint(0, len(training.grades), (_BATCH,))
        logits, domain = rest(training.values[rows].float())
        grades = training.grades[rows]
        loss = loss_of_grades(logits, grades) + wanted.domain_weight * domain_loss(domain, grades)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        follow(average, rest, settings.average_decay)
    return average._network[0]


@torch.inference_mode()
def measure(network: ScalpNetwork, packed: Packed, cells: Cells) -> dict[str, float]:
    logits, domain = Rest(network).eval()(cells.values.float())
    return exact_share(Predicted(logits, domain, network.link), packed)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in ("--start", "--run"):
        parser.add_argument(name, type=Path, required=True)
    add_data_options(parser)
    given = parser.parse_args()
    network, settings = read_best(given.start / BEST), Settings()
    origin = read_origin(given.start / BEST)
    recipe = Recipe.model_validate(origin["recipe"])
    data = read_packed(given, given.run.parent / "packed", recipe.size)
    refuse_other_data(given.start, origin, data[Split.TRAINING])
    validation = compute_cells(network, data[Split.VALIDATION], views=None)
    training = compute_cells(
        network,
        data[Split.TRAINING],
        views=settings.views,
        augmentation=recipe.augmentation,
        seed=settings.seed,
    )
    before = measure(network, data[Split.VALIDATION], validation)
    refined = refine(network, training, settings, recipe.loss)
    after = measure(refined, data[Split.VALIDATION], validation)
    for name, share in after.items():
        Console().print(f"{name:26} {before[name]:.3f} -> {share:.3f}")
    given.run.mkdir(parents=True, exist_ok=True)
    save_best(given.run / BEST, refined, {**origin, "refined": dataclasses.asdict(settings)})


if __name__ == "__main__":
    main()
