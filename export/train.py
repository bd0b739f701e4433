"""Trains trunk and heads together on labelled photos.

    python -m export.data.synthetic var/data/train --workers 2
    python -m export.train --recipe export/recipes/shipped.toml --data var/data/train \\
        --run var/runs/1 --set optimiser.learning_rate=1e-3

Each epoch ends with a checkpoint, from which the same command goes on as if it had never been cut;
``best.safetensors`` holds the averaged weights of the epoch that graded the validation photos
best; ``progress.jsonl`` tells how it goes, ``curves.png`` how it went.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from safetensors.torch import load_file
from torch import Tensor

from export.data.items import Packed, Split
from export.data.options import add_data_options, read_packed
from export.recipe import read_recipe
from export.training.augment import augment_all
from export.training.checkpoints import CHECKPOINT
from export.training.curves import draw_curves
from export.training.devices import autocast
from export.training.layouts import Training, trainings
from export.training.losses import areas_of, domain_loss, extent_loss
from export.training.origin import FRESH, Start
from export.training.pretrained import load_pretrained
from export.training.run import Run
from export.training.sampling import Rows, epoch_rows
from export.training.validation import Line, validate


def fit(
    training: Training,
    data: Mapping[Split, Packed],
    start: Start = FRESH,
    watch: Callable[[Line], None] = lambda _: None,
) -> list[Line]:
    """Runs the recipe's epochs, each followed by a validation and a checkpoint; their lines.

    ``watch`` is told each line, and may end the run by raising. Raises ``ValueError`` where a split
    is empty, and ``OtherRun``.
    """
    for split in (Split.TRAINING, Split.VALIDATION):
        if not len(data[split]):
            raise ValueError(f"no photos in the {split} split: there are too few sessions")
    training.folder.mkdir(parents=True, exist_ok=True)
    run = Run(training, data[Split.TRAINING], start)
    if (training.folder / CHECKPOINT).exists():
        run.resume()
    else:
        begin(run, start)
    try:
        while not run.is_done:
            loss = train_epoch(run, data[Split.TRAINING])
            line = validate(run.average, data[Split.VALIDATION], run.loss, run.columns)
            rate = run.optimiser.param_groups[0]["lr"]
            run.finish_epoch({"epoch": run.epoch + 1, "loss": loss, "learning_rate": rate, **line})
            watch(run.lines[-1])
    finally:
        draw_curves(run.lines, training.folder / "curves.png")
    return run.lines


def begin(run: Run, start: Start) -> None:
    if start.weights:
        run.start_from(load_file(start.weights))
    if folder := start.pretrained or run.recipe.pretrained:
        Console().print(str(load_pretrained(run.network.trunk.backbone, Path(folder))))
        run.start_from(run.network.state_dict())


def train_epoch(run: Run, training: Packed) -> float:
    """The mean loss of the epoch's batches."""
    recipe, size, losses = run.recipe, run.recipe.size_of(run.epoch), []
    generator = seeded(run)
    run.network.train()
    steps = epoch_rows(recipe, training.grades, run.epoch)
    for batches in track(steps, f"{run.folder.name}: epoch {run.epoch + 1} at {size} px"):
        for rows in batches:
            photos = torch.from_numpy(training.photos[rows]).to(run.device)
            grades = torch.from_numpy(training.grades[rows]).to(run.device)
            maps = maps_of(run, training, rows)
            changed = augment_all(photos, maps, size, recipe.augmentation, generator)
            loss = loss_of(run, changed, grades)
            run.scaler.scale(loss / len(batches)).backward()
            losses.append(loss.detach())
        run.step()
    return round(float(torch.stack(losses).mean()), 4)


def seeded(run: Run) -> torch.Generator:
    """For augmentation; dropout draws from torch's own. Both start anew with each epoch, so that
    one that is run again after a cut comes out the same."""
    seed = int(np.random.SeedSequence([run.recipe.seed, run.epoch]).generate_state(1)[0])
    torch.manual_seed(seed)
    return torch.Generator(run.device).manual_seed(seed)


def maps_of(run: Run, training: Packed, rows: Rows) -> list[Tensor]:
    """Where each condition lies, if the recipe asks for it and the drawings tell it."""
    if not run.recipe.loss.extent_weight or training.extents is None:
        return []
    return [areas_of(torch.from_numpy(training.extents[rows][:, run.columns]).to(run.device))]


def loss_of(run: Run, changed: list[Tensor], grades: Tensor) -> Tensor:
    """Of grades, domain and extents, for RGB ``[B, 3, S, S]`` (with a map of extents after it, or
    none) and grades ``[B, 6]``."""
    (pixels, *maps), wanted = changed, run.recipe.loss
    if run.recipe.channels_last:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
    with autocast(run.device, run.precision):
        features = run.network.trunk.features(pixels)
        logits, domain = run.network.grade(features)
        shown = [run.network.extents(features) for _ in maps]
    graded = run.loss(logits, grades[:, run.columns])
    placed = [extent_loss(*pair) for pair in zip(shown, maps, strict=True)]
    known = wanted.domain_weight * domain_loss(domain, grades)
    return graded + known + wanted.extent_weight * sum(placed)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--recipe", type=Path, required=True)
    add_data_options(parser)
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--start", type=Path, help="weights of an earlier run to begin from")
    parser.add_argument("--pretrained", type=Path, help="folder with weights for the backbone")
    parser.add_argument("--set", action="append", default=[], metavar="PLACE=VALUE",
                        help="another value than the recipe's")  # fmt: skip
    given = parser.parse_args()
    recipe = read_recipe(given.recipe, given.set)
    cache, asks_extents = given.run.parent / "packed", recipe.loss.extent_weight > 0
    data = read_packed(given, cache, recipe.size, with_extents=asks_extents)
    for training in trainings(recipe, given.run):
        fit(training, data, Start(given.start, given.pretrained))


if __name__ == "__main__":
    main()
