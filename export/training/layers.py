"""Layers that several backbones and the trunk are made of."""

import torch
from torch import Tensor, nn
from torch.nn import functional

MOMENTUM = 0.05
"""Of batch normalisation: short trainings with small batches need calm statistics."""


def conv(inputs: int, outputs: int, size: int = 1, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs, momentum=MOMENTUM),
        nn.SiLU(),
    )


def pooled(x: Tensor, size: int) -> Tensor:
    """Average and maximum of cells of ``size`` pixels ``[B, 2C, h, w]``."""
    return torch.cat([functional.avg_pool2d(x, size), functional.max_pool2d(x, size)], dim=1)


def initialise(module: nn.Module) -> None:
    """Variance is kept per output channel, so that depthwise layers do not start near zero."""
    if isinstance(module, nn.Conv2d):
        fan_in = module.weight[0].numel()
        nn.init.normal_(module.weight, std=(2.0 / fan_in) ** 0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class SqueezeExcite(nn.Module):
    """Weighs channels by what the whole map shows (Hu, Shen, Sun 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(8, channels // 4)
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, hidden, 1),
            nn.ReLU(),
            nn.Conv2d(hidden, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weigh(x)


class SmallBlock(nn.Module):
    """Two plain 3 x 3 convolutions with a way around them (ResNet's basic block) and
    squeeze-excite: on a CPU without wide vectors they do more in a second than depthwise ones."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = conv(inputs, outputs, 3, stride)
        self.second = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs, momentum=MOMENTUM),
            SqueezeExcite(outputs),
        )
        self.around = _around(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(self.second(self.first(x)) + self.around(x))


def _around(inputs: int, outputs: int, stride: int) -> nn.Module:
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(
        nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs, momentum=MOMENTUM),
    )
