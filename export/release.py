"""Turns a training run into committed weights: calibrates, splits by model, halves the precision.

python -m export.release --run var/runs/first --data var/data/train --version 1
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from export.calibrate import Calibration, calibrate
from export.data.dataset import NO_GRADE, Packed, Split, packed_splits
from export.metrics import predict
from export.network import ScalpNetwork, load_network
from export.weights_file import WEIGHTS, Card, halved, save_weights


@dataclass(frozen=True, slots=True)
class Release:
    version: int
    trained_on: str
    folder: Path


def release(network: ScalpNetwork, calibration: Packed, wanted: Release) -> list[Path]:
    """Writes a weights file for the trunk and each head; all get the same version number."""
    found = calibrate(predict(_halved(network), calibration), calibration)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    parts: list[tuple[str, nn.Module, Calibration | None]] = [
        (contract.TRUNK, network.trunk, None),
        (contract.DOMAIN_HEAD, network.domain, found["IN_DOMAIN"]),
    ]
    for condition in Condition:
        head = network.heads[condition.value]
        parts.append((contract.head_name(condition), head, found[condition]))
    return [save_weights(wanted.folder, _card(n, c, wanted), module) for n, module, c in parts]


def _halved(network: ScalpNetwork) -> ScalpNetwork:
    """The network as it will be read back from fp16, so that it is calibrated as it is served."""
    return load_network(halved(network.state_dict()))


def _card(model: str, calibration: Calibration | None, wanted: Release) -> Card:
    return Card(
        model=model,
        version=wanted.version,
        trunk_version=wanted.version,
        input_size=contract.INPUT_SIZE,
        temperature=calibration.temperature if calibration else 1.0,
        abstain_below=calibration.abstain_below if calibration else None,
        trained_on=wanted.trained_on,
    )


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
    data = packed_splits(given.data, given.run.parent / "packed", contract.INPUT_SIZE)
    network = load_network(load_file(given.run / "best.safetensors"))
    wanted = Release(given.version, describe(data[Split.TRAINING]), given.weights)
    release(network, data[Split.CALIBRATION], wanted)


if __name__ == "__main__":
    main()
