"""Turns a training run into committed weights: calibrates, splits by model, halves the precision.

    python -m export.release --run var/runs/1 --data var/data/train --version 2 \\
        --photos-are "synthetic photos drawn by this project; no photo of a person" \\
        --label-errors 0.03
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from export.calibrate import Calibration, calibrate_network
from export.data.items import NO_GRADE, Packed, Split
from export.data.options import add_data_options, read_packed
from export.network import ScalpNetwork, load_network
from export.recipe import Backbone, Recipe
from export.training.checkpoints import BEST, read_best, read_origin
from export.training.layouts import load_run
from export.training.origin import refuse_other_data, told_starts
from export.weights_file import WEIGHTS, Card, halved, save_weights


@dataclass(frozen=True, slots=True)
class Known:
    """Of a run's photos, beside what they hold: ``what`` they are, in words (absent: their sources'
    names); ``label_errors``: the share of grades that are one off."""

    what: str = ""
    label_errors: float = 0.0


@dataclass(frozen=True, slots=True)
class Release:
    """What the cards say about all models of one release."""

    version: int
    trained_on: str
    folder: Path
    input_size: int = contract.INPUT_SIZE
    data_sha256: str = ""
    backbone: Backbone = field(default_factory=Backbone)
    label_errors: float = 0.0


def release(network: ScalpNetwork, data: Mapping[Split, Packed], wanted: Release) -> list[Path]:
    """Writes a weights file for the trunk and each head; all get the same version number."""
    found = calibrate_network(_halved(network, wanted.backbone), data, wanted.label_errors)
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


def release_run(
    run: Path, data: Mapping[Split, Packed], version: int, folder: Path, known: Known | None = None
) -> list[Path]:
    """Releases a run of the shared layout. Raises ``OtherData``, and ``ValueError`` for a run of
    another layout.

    The photos must be those it was trained on, labelled and split as they were, for another split
    of them would calibrate on photos of the training.
    """
    origin, training = read_origin(served_weights(run)), data[Split.TRAINING]
    refuse_other_data(run, origin, training)
    recipe, known = Recipe.model_validate(origin["recipe"]), known or Known()
    wanted = Release(
        version=version,
        trained_on=describe(training, known.what) + told_starts(origin),
        folder=folder,
        input_size=recipe.size,
        data_sha256=training.data_sha256,
        backbone=recipe.backbone,
        label_errors=known.label_errors,
    )
    return release(read_best(run / BEST), data, wanted)


def served_weights(run: Path) -> Path:
    """The run's one file of weights; raises ``ValueError`` where it has several."""
    if not (run / BEST).exists():
        load_run(run)
        raise ValueError(f"{run} holds several trunks, which are judged and not served")
    return run / BEST


def describe(training: Packed, what: str = "") -> str:
    """How many scalps of the training, and ``what`` they are: their sources, where not given."""
    scalps = training.grades[:, 0] != NO_GRADE
    if what:
        return f"{int(scalps.sum()):,} {what}"
    found = Counter(source or "a source that is not known" for source in training.sources[scalps])
    return "; ".join(f"{count:,} photos from {source}" for source, count in found.most_common())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--photos-are", default="", metavar="WHAT", help="for the cards: WHAT the "
                        "training photos are; their sources where not given")  # fmt: skip
    add_data_options(parser)
    parser.add_argument("--label-errors", type=float, default=0.0, metavar="SHARE", help="SHARE of "
                        "the grades that are one off, as grading twice tells")  # fmt: skip
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    size = Recipe.model_validate(read_origin(served_weights(given.run))["recipe"]).size
    data = read_packed(given, given.run.parent / "packed", size)
    known = Known(given.photos_are, given.label_errors)
    release_run(given.run, data, given.version, given.weights, known)


if __name__ == "__main__":
    main()
