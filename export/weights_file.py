"""Committed weights: one safetensors file a model version, which says about itself what it is.

``<model>-<version>.safetensors`` holds fp16 tensors and, as its metadata, a :class:`Card`.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from dupi.vision import contract

WEIGHTS = Path(__file__).parent / "weights"
_CARD = "dupi_card"


@dataclass(frozen=True, slots=True)
class Card:
    """What belongs to the weights; see ``contract.Manifest`` for the fields they share.

    ``temperature`` divides a head's logits; 1 for the trunk. Files from before ``data_sha256`` and
    ``link`` read as ones without a data hash, with CORN heads.
    """

    model: str
    version: int
    trunk_version: int
    input_size: int
    temperature: float
    abstain_below: float | None
    trained_on: str
    data_sha256: str = ""
    link: str = "corn"
    backbone: dict[str, Any] = field(default_factory=dict)
    """Of a trunk: the values of the recipe's ``Backbone`` that are not its defaults."""

    @property
    def file_name(self) -> str:
        return f"{self.model}-{self.version}.safetensors"


def save_weights(folder: Path, card: Card, module: nn.Module) -> Path:
    tensors = halved(module.state_dict())
    path = folder / card.file_name
    save_file(tensors, path, metadata=card_metadata(card))
    return path


def card_metadata(card: Card) -> dict[str, str]:
    """As a safetensors file carries it."""
    return {_CARD: json.dumps(dataclasses.asdict(card))}


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """In the precision of the file; loaded back, a module answers as it will be served."""
    return {name: _half(value) for name, value in tensors.items()}


def _half(value: Tensor) -> Tensor:
    return (value.half() if value.is_floating_point() else value).contiguous()


def read_card(path: Path) -> Card:
    """Raises ``ValueError`` where the file does not say what it is."""
    with safe_open(path, framework="pt") as file:
        metadata: Mapping[str, str] = file.metadata() or {}
    if _CARD not in metadata:
        raise ValueError(f"{path.name} carries no card")
    card = Card(**json.loads(metadata[_CARD]))
    if card.model not in contract.COMPONENTS or card.file_name != path.name:
        raise ValueError(f"{path.name} says that it is {card.file_name}")
    return card


def load_into(module: nn.Module, path: Path) -> None:
    """Strict: every tensor of the file fits, and none is missing."""
    tensors = load_file(path)
    floats = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    module.load_state_dict(floats)


def weights_files(folder: Path = WEIGHTS) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.safetensors")))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def example_input(card: Card, batch: int, seed: int = 0) -> Tensor:
    """Random input of the model's shape: photos for the trunk, features for a head."""
    generator = torch.Generator().manual_seed(seed)
    if card.model == contract.TRUNK:
        shape = (batch, card.input_size, card.input_size, 3)
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    side = card.input_size // contract.FEATURE_STRIDE
    return torch.randn((batch, contract.FEATURE_CHANNELS, side, side), generator=generator)
