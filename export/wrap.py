"""What is served: a trained part with its calibration and its version inside, as TorchScript.

TorchScript is behind ``compile_module`` and ``load_compiled`` only, so that another format can take
its place. Outputs are returned in the order of the positional names in ``contract``.
"""

import copy
import warnings
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from dupi.vision import contract
from export.network import Head, Trunk, domain_head, probabilities, severity_head
from export.recipe import Backbone
from export.weights_file import (
    WEIGHTS,
    Card,
    example_input,
    load_into,
    read_card,
    weights_files,
)

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


def newest_modules(folder: Path = WEIGHTS) -> dict[str, nn.Module]:
    """Of the weights files of a folder, each model's newest version by the model's name."""
    paths = sorted(weights_files(folder), key=lambda path: read_card(path).version)
    return {card.model: module for card, module in map(served_module, paths)}


def compile_module(card: Card, module: nn.Module) -> torch.jit.ScriptModule:
    """What is served; ``module`` is left as it was.

    All norms after convolutions are folded into them. A trunk's weights lie channel by channel, as
    photos come: on a CPU they are not turned around for each batch any more. Everything here runs
    on any device that libtorch runs on; ``docs/throughput.md`` says what else was tried.
    """
    served = with_numbered_padding(module)
    if card.model == contract.TRUNK:
        served = served.to(memory_format=torch.channels_last)
    return trace_frozen(card, served)


def trace_frozen(card: Card, module: nn.Module) -> torch.jit.ScriptModule:
    """Traced on a batch of two; freezing folds batch normalisation into plain convolutions."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        traced = torch.jit.trace(module, example_input(card, batch=2), check_trace=False)
        return cast(torch.jit.ScriptModule, torch.jit.freeze(traced))


def with_numbered_padding(module: nn.Module) -> nn.Module:
    """A copy, whose convolutions say in pixels by how much they pad.

    Padding by name (``same``, ``valid``; transformers' EfficientNet) is traced as another operation
    than convolution, which neither freezing folds a norm into nor fusion knows.
    """
    numbered = copy.deepcopy(module)
    for part in numbered.modules():
        if isinstance(part, nn.Conv2d) and (pixels := _padding_of(part)) is not None:
            part.padding = pixels
    return numbered


def _padding_of(convolution: nn.Conv2d) -> tuple[int, ...] | None:
    """None where it differs from side to side, so that no number says it."""
    if not isinstance(convolution.padding, str):
        return tuple(convolution.padding)
    if convolution.padding == "valid":
        return (0, 0)
    sizes = zip(convolution.kernel_size, convolution.dilation, strict=True)
    spans = [dilation * (size - 1) for size, dilation in sizes]
    return None if any(span % 2 for span in spans) else tuple(span // 2 for span in spans)


def save_compiled(module: torch.jit.ScriptModule, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        module.save(str(path))


def load_compiled(path: Path) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return cast(torch.jit.ScriptModule, torch.jit.load(str(path)))
