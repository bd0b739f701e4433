"""The trunk and all seven heads as one module, and the work that a photo is to them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import dupi.knowledge
from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from export.data.packing import model_input
from export.wrap import newest_modules

HEADS: Final = (*contract.HEADS, contract.DOMAIN_HEAD)
EXAMPLES: Final = Path(dupi.knowledge.__file__).parent / "examples"


class Whole(nn.Module):
    """uint8 photos ``[B, S, S, 3]`` to the outputs of every head, one after the other."""

    def __init__(self, trunk: nn.Module, heads: Iterable[nn.Module]) -> None:
        super().__init__()
        self.trunk, self.heads = trunk, nn.ModuleList(heads)

    def forward(self, photos: Tensor) -> tuple[Tensor, ...]:
        features = self.trunk(photos)[0]
        return tuple(output for head in self.heads for output in head(features))


def newest_whole() -> Whole:
    """Of the newest version of every model that ships."""
    modules = newest_modules()
    return Whole(modules[contract.TRUNK], [modules[name] for name in HEADS]).eval()


def work_of(module: nn.Module, batch: Tensor) -> float:
    """GFLOP of convolutions and matrix products; a multiply-add counts as two. What is done to
    each value alone (norms, activations, pooling) is left out: it is work, but no product."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module(batch)
    return float(counter.get_total_flops()) / 1e9


def example_photos(side: int) -> Tensor:
    """The guide's drawings, each grade of each condition once: uint8 ``[24, side, side, 3]``."""
    files = sorted(EXAMPLES.glob("*.jpg"))
    return torch.from_numpy(np.stack([model_input(file, side) for file in files]))


def grades_of(outputs: tuple[Tensor, ...]) -> Tensor:
    """Grades ``[B, 6]``: of each condition's head, whose outputs are three, the likeliest."""
    graded = outputs[: 3 * len(Condition) : 3]
    return torch.stack([chances.argmax(dim=1) for chances in graded], dim=1)
