"""Several depths of a backbone as one map, so that a network from scratch learns on a CPU."""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.training.layers import conv, pooled

STRIDE: Final = 16
"""Of the features."""
_DEEP_CHANNELS: Final = 64


class MultiDepth(nn.Module):
    """Joins the maps of several depths, and the colours, at stride 16: flakes are small and redness
    is wide. A finer map gives the average and the maximum of each cell; the last, coarser one is
    repeated. The short ways let it learn from scratch within an hour on a CPU.
    """

    def __init__(self, stem: nn.Module, blocks: nn.ModuleList, taps: Mapping[int, int]) -> None:
        """``taps``: the number of a block to the stride of its map."""
        super().__init__()
        self.stem, self.blocks = stem, blocks
        self.taps = dict(taps)
        with torch.no_grad():
            channels = self.eval()._maps(torch.zeros(1, 3, 64, 64))[-1].shape[1]
        self.deep = conv(channels, _DEEP_CHANNELS)
        self.train()

    def forward(self, pixels: Tensor) -> Tensor:
        *maps, deep = self._maps(pixels)
        joined = [_cells(x, stride) for x, stride in zip(maps, self.taps.values(), strict=True)]
        joined.append(functional.interpolate(self.deep(deep), size=joined[-1].shape[2:]))
        joined.append(_colours(pixels))
        return torch.cat(joined, dim=1)

    def _maps(self, x: Tensor) -> list[Tensor]:
        """Of the taps, then of the last block."""
        maps, x = [], self.stem(x)
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self.taps:
                maps.append(x)
        return [*maps, x]


def _cells(x: Tensor, stride: int) -> Tensor:
    return x if stride == STRIDE else pooled(x, STRIDE // stride)


def _colours(pixels: Tensor) -> Tensor:
    """Red, green, blue, redness and yellowness ``[B, 25, S/16, S/16]``: of each the average, the
    extremes and the contrast with its surroundings in a cell. Scales are white on skin of any tone:
    the difference of channels tells them, where a channel alone does not.
    """
    differences = pixels[:, :2] - pixels[:, 1:]
    colours = torch.cat([pixels, differences], dim=1)
    contrast = (colours - functional.avg_pool2d(colours, 5, stride=1, padding=2)).abs()
    darkest = -functional.max_pool2d(-colours, STRIDE)
    return torch.cat([pooled(colours, STRIDE), darkest, pooled(contrast, STRIDE)], dim=1)
