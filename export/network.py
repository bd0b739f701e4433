"""The network: one EfficientNet-B0 trunk, six ordinal heads and a head that knows scalps.

The trunk takes uint8 photos ``[B, S, S, 3]`` and joins all its depths, and what each cell's colours
look like, into one feature map ``[B, 192, S/16, S/16]``: flakes are small and redness is wide, and
the short ways let it learn from scratch within an hour on a CPU. A head is a 1 x 1 convolution, an
average and a maximum over the map, and a linear layer; its own weights give the attention map.
"""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import EfficientNetConfig, EfficientNetModel

from dupi.knowledge.vocabulary import Condition, Severity
from dupi.vision import contract

THRESHOLDS = len(Severity) - 1
_POOLED_BLOCKS = {0: 8, 2: 4, 4: 2}  # last blocks at strides 2, 4 and 8: pixels pooled into a cell
_MIDDLE_BLOCK = 10  # the last at stride 16, the features' own
_DEEP_CHANNELS = 320
_JOINED_CHANNELS = 2 * (16 + 24 + 40) + 112 + 64 + 5 * 5
_MEAN = (0.78, 0.64, 0.56)
_SPREAD = (0.22, 0.22, 0.21)


def b0_config() -> EfficientNetConfig:
    return EfficientNetConfig(
        width_coefficient=1.0,
        depth_coefficient=1.0,
        image_size=contract.INPUT_SIZE,
        hidden_dim=1280,
        dropout_rate=0.0,
        drop_connect_rate=0.0,
        batch_norm_eps=1e-5,
        batch_norm_momentum=0.05,
    )


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs, momentum=0.05), nn.SiLU()
    )


class Trunk(nn.Module):
    """uint8 ``[B, S, S, 3]`` to features ``[B, 192, S/16, S/16]``; S is a multiple of 32."""

    def __init__(self) -> None:
        super().__init__()
        backbone = EfficientNetModel(b0_config())
        self.stem = backbone.embeddings
        self.blocks = backbone.encoder.blocks
        self.deep = _conv(_DEEP_CHANNELS, 64)
        self.join = nn.Sequential(
            nn.BatchNorm2d(_JOINED_CHANNELS, momentum=0.05),
            _conv(_JOINED_CHANNELS, 256),
            _conv(256, contract.FEATURE_CHANNELS),
        )
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(_SPREAD).view(1, 3, 1, 1), persistent=False)
        self.apply(_initialise)

    def forward(self, photos: Tensor) -> Tensor:
        return self.features(photos.permute(0, 3, 1, 2).float() / 255.0)

    def features(self, pixels: Tensor) -> Tensor:
        """From RGB ``[B, 3, S, S]`` between 0 and 1."""
        return cast(Tensor, self.join(self.cells(pixels)))

    def cells(self, pixels: Tensor) -> Tensor:
        """All depths and colours of each cell ``[B, 361, S/16, S/16]``, before they are joined."""
        x = (pixels - self.mean) / self.spread
        colours, joined = _colours(x), []
        x = self.stem(x)
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in _POOLED_BLOCKS:
                joined.append(_pooled(x, _POOLED_BLOCKS[number]))
            elif number == _MIDDLE_BLOCK:
                joined.append(x)
        joined.append(functional.interpolate(self.deep(x), scale_factor=2.0, mode="nearest"))
        joined.append(colours)
        return torch.cat(joined, dim=1)


def _pooled(x: Tensor, size: int) -> Tensor:
    """Average and maximum of cells of ``size`` pixels."""
    return torch.cat([functional.avg_pool2d(x, size), functional.max_pool2d(x, size)], dim=1)


def _colours(pixels: Tensor) -> Tensor:
    """Red, green, blue, redness and yellowness ``[B, 25, S/16, S/16]``: of each the average, the
    extremes and the contrast with its surroundings in a cell. Scales are white on skin of any tone:
    the difference of channels tells them, where a channel alone does not.
    """
    size = contract.FEATURE_STRIDE
    differences = pixels[:, :2] - pixels[:, 1:]
    colours = torch.cat([pixels, differences], dim=1)
    contrast = (colours - functional.avg_pool2d(colours, 5, stride=1, padding=2)).abs()
    darkest = -functional.max_pool2d(-colours, size)
    return torch.cat([_pooled(colours, size), darkest, _pooled(contrast, size)], dim=1)


def _initialise(module: nn.Module) -> None:
    """Variance is kept per output channel, so that depthwise layers do not start near zero."""
    if isinstance(module, nn.Conv2d):
        fan_in = module.weight[0].numel()
        nn.init.normal_(module.weight, std=(2.0 / fan_in) ** 0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Head(nn.Module):
    """Features to ``outputs`` logits and, from the same weights, where in the photo they rose."""

    def __init__(self, outputs: int, hidden: int = 48) -> None:
        super().__init__()
        self.look = nn.Conv2d(contract.FEATURE_CHANNELS, hidden, 1)
        self.weigh = nn.Linear(2 * hidden, outputs)
        self.drop = nn.Dropout(0.1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``[B, outputs]`` and an activation map ``[B, h, w]`` from 0 to 1."""
        seen = functional.relu(self.look(features))
        pooled = torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], dim=1)
        return self.weigh(self.drop(pooled)), self._activation(seen)

    def _activation(self, seen: Tensor) -> Tensor:
        average, greatest = self.weigh.weight.mean(dim=0).chunk(2)
        weights = (average + greatest).view(1, -1, 1, 1)
        rise = functional.relu((seen * weights).sum(dim=1))
        low, high = rise.amin(dim=(1, 2), keepdim=True), rise.amax(dim=(1, 2), keepdim=True)
        return (rise - low) / (high - low).clamp_min(1e-6)


class ScalpNetwork(nn.Module):
    """Everything that is trained together; parts are exported one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.heads = nn.ModuleDict({condition.value: Head(THRESHOLDS) for condition in Condition})
        self.domain = Head(1)

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        return self.grade(self.trunk(photos))

    def grade(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``[B, 6, 3]`` in the order of ``Condition``, and the domain's logits ``[B]``."""
        logits = [self.heads[condition.value](features)[0] for condition in Condition]
        return torch.stack(logits, dim=1), self.domain(features)[0].squeeze(1)


def probabilities(logits: Tensor) -> Tensor:
    """``[..., 3]`` conditional logits (is it worse than k, if it is k or worse?) to ``[..., 4]``.

    The chance to pass a threshold is the product of the chances up to it, so it never rises with
    the grade (Shi, Cao, Raschka: CORN, 2021).
    """
    passed = torch.sigmoid(logits).cumprod(dim=-1)
    ones, zeros = torch.ones_like(passed[..., :1]), torch.zeros_like(passed[..., :1])
    return torch.cat([ones, passed], dim=-1) - torch.cat([passed, zeros], dim=-1)


def ordinal_loss(logits: Tensor, grades: Tensor) -> Tensor:
    """Mean binary cross-entropy of each threshold over the photos that reached it.

    ``logits`` [B, 6, 3], ``grades`` [B, 6]; a grade of -1 (no scalp) takes no part.
    """
    levels = torch.arange(THRESHOLDS, device=logits.device)
    reached = (grades[..., None] >= levels).float()
    passed = (grades[..., None] > levels).float()
    losses = functional.binary_cross_entropy_with_logits(logits, passed, reduction="none")
    return (losses * reached).sum() / reached.sum().clamp_min(1.0)


def load_network(weights: Mapping[str, Tensor]) -> ScalpNetwork:
    """An evaluating fp32 network with ``weights`` (fp16 or fp32)."""
    network = ScalpNetwork()
    network.load_state_dict({name: value.float() if value.is_floating_point() else value
                             for name, value in weights.items()})  # fmt: skip
    return network.eval()
