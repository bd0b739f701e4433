"""What is served: a trained part with its calibration and its version inside, as TorchScript.

TorchScript is behind ``compile_module`` and ``load_compiled`` only, so that another format can take
its place. Outputs are returned in the order of the positional names in ``contract``.
"""

import warnings
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from dupi.vision import contract
from export.network import Head, Trunk, domain_head, probabilities, severity_head
from export.recipe import Backbone
from export.weights_file import Card, example_input, load_into, read_card

Outputs = tuple[Tensor, ...]


class _Versioned(nn.Module):
    version: Tensor

    def __init__(self, version: int) -> None:
        super().__init__()
        self.register_buffer("version", torch.tensor([[version]], dtype=torch.int64))

    def version_of(self, batch: Tensor) -> Tensor:
        return self.version.repeat(batch.shape[0], 1)


class ServedTrunk(_Versioned):
    """uint8 photos to features, the same features for clients, and the version."""

    def __init__(self, trunk: Trunk, version: int) -> None:
        super().__init__(version)
        self.trunk = trunk

    def forward(self, photos: Tensor) -> Outputs:
        features = self.trunk(photos)
        return features, features.clone(), self.version_of(photos)


class ServedHead(_Versioned):
    """Features to calibrated probabilities, attention and the version.

    The attention fades with the chance that there is anything to see, so that a clear scalp has no
    bright map.
    """

    def __init__(self, head: Head, version: int, temperature: float) -> None:
        super().__init__(version)
        self.head = head
        self.temperature = temperature

    def forward(self, features: Tensor) -> Outputs:
        logits, activation = self.head(features)
        graded = probabilities(logits / self.temperature, self.head.link)
        attention = activation * (1.0 - graded[:, :1, None])
        return graded, attention, self.version_of(features)


class ServedDomain(_Versioned):
    """Features to the chance ``[B, 1]`` that this is a scalp, and the version."""

    def __init__(self, head: Head, version: int, temperature: float) -> None:
        super().__init__(version)
        self.head = head
        self.temperature = temperature

    def forward(self, features: Tensor) -> Outputs:
        logit, _ = self.head(features)
        return torch.sigmoid(logit / self.temperature), self.version_of(features)


def served_module(path: Path) -> tuple[Card, nn.Module]:
    """The eager module that a weights file describes, ready to be compiled or compared with."""
    card = read_card(path)
    if card.model == contract.TRUNK:
        trunk = Trunk(Backbone.model_validate(card.backbone))
        load_into(trunk, path)
        return card, ServedTrunk(trunk, card.version).eval()
    is_domain = card.model == contract.DOMAIN_HEAD
    head = domain_head() if is_domain else severity_head(card.link)
    load_into(head, path)
    kind = ServedDomain if is_domain else ServedHead
    return card, kind(head, card.version, card.temperature).eval()


def compile_module(card: Card, module: nn.Module) -> torch.jit.ScriptModule:
    """Traced on a batch of two and frozen: batch normalisation is folded into the convolutions."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        traced = torch.jit.trace(module, example_input(card, batch=2), check_trace=False)
        return cast(torch.jit.ScriptModule, torch.jit.freeze(traced))


def save_compiled(module: torch.jit.ScriptModule, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        module.save(str(path))


def load_compiled(path: Path) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return cast(torch.jit.ScriptModule, torch.jit.load(str(path)))
