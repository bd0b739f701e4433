"""Trains join and heads to the end on a finished backbone, whose answers are computed once.

    python -m export.refine --data var/data/train --start var/runs/second/best.safetensors \\
        --run var/runs/refined

The backbone is nine tenths of the work of a step and nearly done after a short training; what is
slow to learn lies behind it. A thousand steps here cost as much as half an epoch there.
"""

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from dupi.vision import contract
from export.data.dataset import NO_GRADE, Packed, Split, packed_splits
from export.metrics import Predicted, exact_share
from export.network import ScalpNetwork, load_network, ordinal_loss
from export.train import augment, follow

_BATCH = 64
_DOMAIN_WEIGHT = 0.25


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
def compute_cells(network: ScalpNetwork, packed: Packed, *, views: int | None) -> Cells:
    """Cells of augmented ``views`` of each photo, or of the photos themselves where None."""
    network.eval()
    parts = []
    starts = [s for _ in range(views or 1) for s in range(0, len(packed), 32)]
    for start in track(starts, "backbone"):
        photos = torch.from_numpy(packed.photos[start : start + 32])
        pixels = augment(photos, photos.shape[1]) if views else _plain(photos)
        parts.append(network.trunk.cells(pixels).half())
    grades = torch.from_numpy(np.tile(packed.grades, (views or 1, 1)))
    return Cells(torch.cat(parts).clone(), grades)


def _plain(photos: Tensor) -> Tensor:
    return photos.permute(0, 3, 1, 2).float() / 255.0


class Rest(nn.Module):
    """What stands behind the backbone, sharing the network's own modules."""

    def __init__(self, network: ScalpNetwork) -> None:
        super().__init__()
        self.join, self.heads, self.domain = network.trunk.join, network.heads, network.domain
        self._network = (network,)  # in a tuple, so that the backbone is not a part of this

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        return self._network[0].grade(self.join(cells))


def refine(network: ScalpNetwork, training: Cells, settings: Settings) -> ScalpNetwork:
    """``network`` with join and heads trained on; the average over the last steps."""
    torch.manual_seed(settings.seed)
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
        loss = _loss(rest, training.values[rows].float(), training.grades[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        follow(average, rest, settings.average_decay)
    return average._network[0]


def _loss(rest: Rest, cells: Tensor, grades: Tensor) -> Tensor:
    logits, domain = rest(cells)
    scalp = (grades[:, 0] != NO_GRADE).float()
    strangeness = functional.binary_cross_entropy_with_logits(domain, scalp)
    return ordinal_loss(logits, grades) + _DOMAIN_WEIGHT * strangeness


@torch.inference_mode()
def measure(network: ScalpNetwork, packed: Packed, cells: Cells) -> dict[str, float]:
    logits, domain = Rest(network).eval()(cells.values.float())
    return exact_share(Predicted(logits, domain), packed)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in ("--data", "--start", "--run"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = packed_splits(given.data, given.run.parent / "packed", contract.INPUT_SIZE)
    network, settings = load_network(load_file(given.start)), Settings()
    calibration = compute_cells(network, data[Split.CALIBRATION], views=None)
    training = compute_cells(network, data[Split.TRAINING], views=settings.views)
    before = measure(network, data[Split.CALIBRATION], calibration)
    refined = refine(network, training, settings)
    after = measure(refined, data[Split.CALIBRATION], calibration)
    for name, share in after.items():
        print(f"{name:26} {before[name]:.3f} -> {share:.3f}")  # noqa: T201
    given.run.mkdir(parents=True, exist_ok=True)
    weights = {name: value.contiguous() for name, value in refined.state_dict().items()}
    save_file(weights, given.run / "best.safetensors")


if __name__ == "__main__":
    main()
