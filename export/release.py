"""Turns a training run into committed weights: calibrates, splits by model, halves the precision.

python -m export.release --run var/runs/1 --data var/data/train --version 2
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from export.calibrate import Calibration, calibrate_network
from export.data.dataset import packed_splits
from export.data.items import NO_GRADE, Packed, Split
from export.network import ScalpNetwork, load_network
from export.recipe import Backbone, Recipe
from export.training.checkpoints import BEST, read_best, read_origin
from export.training.layouts import load_run
from export.weights_file import WEIGHTS, Card, halved, save_weights


class OtherData(ValueError):
    """The photos to calibrate on are of another data set than the run's."""


@dataclass(frozen=True, slots=True)
class Release:
    """What the cards say about all models of one release."""

    version: int
    trained_on: str
    folder: Path
    input_size: int = contract.INPUT_SIZE
    data_sha256: str = ""
    backbone: Backbone = field(default_factory=Backbone)


def release(network: ScalpNetwork, data: Mapping[Split, Packed], wanted: Release) -> list[Path]:
    """Writes a weights file for the trunk and each head; all get the same version number."""
    found = calibrate_network(_halved(network, wanted.backbone), data)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    parts: list[tuple[str, nn.Module, Calibration | None]] = [
        (contract.TRUNK, network.trunk, None),
        (contract.DOMAIN_HEAD, network.domain, found["IN_DOMAIN"]),
    ]
    for condition in Condition:
        head = network.heads[condition.value]
        parts.append((contract.head_name(condition), head, found[condition]))
    return [
        save_weights(wanted.folder, _card(name, calibration, wanted, network.link), module)
        for name, module, calibration in parts
    ]


def _halved(network: ScalpNetwork, backbone: Backbone) -> ScalpNetwork:
    """The network as it will be read back from fp16, so that it is calibrated as it is served."""
    return load_network(halved(network.state_dict()), backbone, network.link)


def _card(model: str, calibration: Calibration | None, wanted: Release, link: str) -> Card:
    is_trunk = model == contract.TRUNK
    return Card(
        model=model,
        version=wanted.version,
        trunk_version=wanted.version,
        input_size=wanted.input_size,
        temperature=calibration.temperature if calibration else 1.0,
        abstain_below=calibration.abstain_below if calibration else None,
        trained_on=wanted.trained_on,
        data_sha256=wanted.data_sha256,
        link=link,
        backbone=wanted.backbone.model_dump(exclude_defaults=True) if is_trunk else {},
    )


def release_run(run: Path, data: Path, version: int, folder: Path) -> list[Path]:
    """Releases a run of the shared layout; raises ``OtherData``, ``ValueError`` for other layouts.

    The photos must be those it was trained on, for another split of them would calibrate on
    photos of the training.
    """
    if not (run / BEST).exists():
        load_run(run)
        raise ValueError(f"{run} holds several trunks, which are judged and not served")
    origin = read_origin(run / BEST)
    recipe = Recipe.model_validate(origin["recipe"])
    splits = packed_splits(data, run.parent / "packed", recipe.size)
    training = splits[Split.TRAINING]
    if training.data_sha256 != origin["data_sha256"]:
        raise OtherData(f"{data} holds other photos than {run} was trained on")
    wanted = Release(
        version=version,
        trained_on=describe(training),
        folder=folder,
        input_size=recipe.size,
        data_sha256=training.data_sha256,
        backbone=recipe.backbone,
    )
    return release(read_best(run / BEST), splits, wanted)


def describe(training: Packed) -> str:
    scalps = int((training.grades[:, 0] != NO_GRADE).sum())
    return f"{scalps:,} synthetic photos drawn by this project; no photo of a person"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    release_run(given.run, given.data, given.version, given.weights)


if __name__ == "__main__":
    main()
