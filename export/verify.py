"""Parity: what was published must answer as the eager module does, or it is not published."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from export.weights_file import Card, example_input
from export.wrap import load_compiled

_BATCHES = (1, 3, 8)
TOLERANCE = 2e-3
"""Greatest difference allowed, against a scale of one (see :func:`difference`)."""


class ParityError(AssertionError):
    """The artefact answers otherwise than the module it was made from."""


@dataclass(frozen=True, slots=True)
class Recorded:
    batch: Tensor
    outputs: tuple[Tensor, ...]


def record(card: Card, module: nn.Module) -> list[Recorded]:
    """Eager answers to random batches of several sizes; taken before anything is compiled."""
    with torch.inference_mode():
        batches = [example_input(card, size, seed=size) for size in _BATCHES]
        return [Recorded(batch, tuple(o.clone() for o in module(batch))) for batch in batches]


def check_parity(recorded: Sequence[Recorded], artefact: Path) -> float:
    """Loads ``artefact`` anew and compares; returns the greatest difference.

    Raises :class:`ParityError` where shapes, types, versions or numbers differ.
    """
    compiled = load_compiled(artefact)
    with torch.inference_mode():
        return max(_compare(known.outputs, compiled(known.batch)) for known in recorded)


def _compare(eager: tuple[Tensor, ...], compiled: tuple[Tensor, ...]) -> float:
    if len(eager) != len(compiled):
        raise ParityError(f"{len(compiled)} outputs instead of {len(eager)}")
    greatest = max(map(difference, eager, compiled))
    if not greatest <= TOLERANCE:
        raise ParityError(f"outputs differ by {greatest:.2g}, more than {TOLERANCE}")
    return greatest


def difference(eager: Tensor, compiled: Tensor) -> float:
    """Greatest difference, relative to the eager output's size where that exceeds one."""
    if eager.shape != compiled.shape or eager.dtype != compiled.dtype:
        raise ParityError(f"{compiled.shape} {compiled.dtype}, not {eager.shape} {eager.dtype}")
    if not eager.is_floating_point():
        return float((eager != compiled).any())
    scale = max(1.0, float(eager.abs().max()))
    return float((eager - compiled).abs().max()) / scale
