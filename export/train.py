"""Trains trunk and heads together on photos in the AI-Hub layout.

    python -m export.data.synthetic var/data/train --workers 2
    python -m export.train --recipe export/recipes/first.toml --data var/data/train --run var/runs/1

Each epoch ends with a checkpoint, from which the same command goes on; ``best.safetensors`` holds
the averaged weights of the epoch that graded the calibration photos best.
"""

import argparse
import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from dupi.vision import contract
from export.data.dataset import NO_GRADE, Packed, Split, packed_splits
from export.metrics import exact_share, predict
from export.network import ScalpNetwork, ordinal_loss
from export.recipe import Recipe, read_recipe


class Run:
    """Everything that changes while training, so that a checkpoint can hold it."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.network = ScalpNetwork()
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser,
            max_lr=recipe.learning_rate,
            total_steps=recipe.epochs * recipe.steps_an_epoch + 1,
            pct_start=recipe.warm_up,
        )
        self.epoch = 0
        self.best = 0.0

    def decay(self, greatest: float) -> float:
        """Of the moving average: short at first, so that it forgets the start."""
        steps = self.schedule.last_epoch
        return min(greatest, (1 + steps) / (10 + steps))

    def save(self, path: Path) -> None:
        state = {"epoch": self.epoch, "best": self.best}
        for part in ("network", "average", "optimiser", "schedule"):
            state[part] = getattr(self, part).state_dict()
        torch.save(state, path.with_suffix(".partial"))
        path.with_suffix(".partial").replace(path)

    def start_from(self, weights: dict[str, Tensor]) -> None:
        self.network.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def resume(self, path: Path) -> None:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        self.epoch, self.best = state["epoch"], state["best"]
        for part in ("network", "average", "optimiser", "schedule"):
            getattr(self, part).load_state_dict(state[part])


def fit(recipe: Recipe, data: dict[Split, Packed], folder: Path, start: Path | None = None) -> None:
    """Runs the recipe's epochs, each followed by a validation and a checkpoint.

    ``start``: weights of an earlier run to begin from, where there is no checkpoint yet.
    """
    training, calibration = data[Split.TRAINING], data[Split.CALIBRATION]
    run = Run(recipe)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        run.resume(checkpoint)
    elif start is not None:
        run.start_from(load_file(start))
    while run.epoch < recipe.epochs:
        loss = train_epoch(run, recipe, training)
        run.epoch += 1
        validate(run, calibration, loss, folder)
        run.save(checkpoint)


def train_epoch(run: Run, recipe: Recipe, training: Packed) -> float:
    run.network.train()
    size, losses = recipe.size_of(run.epoch), []
    rng = np.random.default_rng([recipe.seed, run.epoch])
    title = f"epoch {run.epoch + 1} at {size} px"
    for rows in track(_rows(len(training), recipe, rng), title):
        photos = torch.from_numpy(training.photos[rows])
        grades = torch.from_numpy(training.grades[rows])
        loss = _loss(run.network, augment(photos, size), grades, recipe.domain_weight)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(run.network.parameters(), recipe.gradient_norm)
        run.optimiser.step()
        run.schedule.step()
        follow(run.average, run.network, run.decay(recipe.average_decay))
        losses.append(loss.item())
    return float(np.mean(losses))


def _rows(count: int, recipe: Recipe, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The epoch's batches: as few repeats as a data set of ``count`` photos allows."""
    wanted = recipe.steps_an_epoch * recipe.batch_size
    rounds = [rng.permutation(count) for _ in range(-(-wanted // count))]
    return np.split(np.concatenate(rounds)[:wanted], recipe.steps_an_epoch)


def augment(photos: Tensor, size: int) -> Tensor:
    """uint8 ``[B, S, S, 3]`` to RGB ``[B, 3, size, size]`` from 0 to 1: mirrored, re-lit, noisy."""
    pixels = photos.permute(0, 3, 1, 2).float() / 255.0
    if pixels.shape[-1] != size:
        pixels = functional.interpolate(
            pixels, size=(size, size), mode="bilinear", antialias=True, align_corners=False
        )
    mirrored = torch.rand(2, len(pixels), 1, 1, 1) < 0.5
    pixels = torch.where(mirrored[0], pixels.flip(2), pixels)
    pixels = torch.where(mirrored[1], pixels.flip(3), pixels)
    light = 1 + 0.08 * (torch.rand(len(pixels), 1, 1, 1) - 0.5)
    cast = 1 + 0.03 * (torch.rand(len(pixels), 3, 1, 1) - 0.5)
    return (pixels * light * cast + 0.008 * torch.randn_like(pixels)).clamp(0.0, 1.0)


def _loss(network: ScalpNetwork, pixels: Tensor, grades: Tensor, domain_weight: float) -> Tensor:
    logits, domain = network.grade(network.trunk.features(pixels))
    scalp = (grades[:, 0] != NO_GRADE).float()
    strangeness = functional.binary_cross_entropy_with_logits(domain, scalp)
    return ordinal_loss(logits, grades) + domain_weight * strangeness


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Weights are averaged; the statistics of batch normalisation are averages already."""
    for kept, value in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(value, 1.0 - decay)
    for kept, value in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(value)


def validate(run: Run, calibration: Packed, loss: float, folder: Path) -> None:
    """Writes a line of ``progress.jsonl``, and the weights where they are the best so far."""
    predicted = predict(run.average, calibration)
    exact = exact_share(predicted, calibration)
    mean = float(np.mean(list(exact.values())))
    line = {"epoch": run.epoch, "loss": round(loss, 4), "exact": round(mean, 4)}
    line |= {name: round(share, 3) for name, share in exact.items()}
    with (folder / "progress.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    if mean >= run.best:
        run.best = mean
        save_file(_contiguous(run.average), folder / "best.safetensors")


def _contiguous(network: ScalpNetwork) -> dict[str, Tensor]:
    return {name: value.contiguous() for name, value in network.state_dict().items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder in the AI-Hub layout")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--start", type=Path, help="weights of an earlier run to begin from")
    given = parser.parse_args()
    recipe = read_recipe(given.recipe)
    torch.set_num_threads(recipe.threads)
    given.run.mkdir(parents=True, exist_ok=True)
    data = packed_splits(given.data, given.run.parent / "packed", contract.INPUT_SIZE)
    fit(recipe, data, given.run, given.start)


if __name__ == "__main__":
    main()
