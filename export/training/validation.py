"""How well a network grades the photos that choose its best epoch and end the training."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Condition
from export.data.items import NO_GRADE, Packed
from export.judging.metrics import FIGURES, confusion
from export.metrics import grades_of, predict
from export.network import ScalpNetwork
from export.recipe import Stopping
from export.training.losses import GradeLoss

Line = dict[str, float]
"""What an epoch came to, by name."""
MEANS = ("qwk", "macro_f1", "exact")
VALIDATION_LOSS = "validation_loss"


@torch.inference_mode()
def validate(network: ScalpNetwork, packed: Packed, loss: GradeLoss, columns: list[int]) -> Line:
    """Means over the conditions, the loss, the share of right in-domain answers, and each
    condition's QWK by its name. ``columns``: which of the six conditions the network grades."""
    predicted = predict(network, packed)
    true, scalp = packed.grades[:, columns], packed.grades[:, 0] != NO_GRADE
    columns_of = zip(true[scalp].T, grades_of(predicted)[scalp].T, strict=True)
    counts = np.stack([confusion(*grades) for grades in columns_of])
    device = loss.weights.device
    lost = loss(predicted.logits.to(device), torch.from_numpy(true).to(device))
    found = {name: _mean(FIGURES[name](counts)) for name in MEANS}
    found |= {VALIDATION_LOSS: float(lost)}
    found |= {"in_domain": float(((predicted.domain.numpy() > 0) == scalp).mean())}
    for column, kappa in zip(columns, FIGURES["qwk"](counts), strict=True):
        found[tuple(Condition)[column].value] = _mean(kappa)
    return {name: round(value, 4) for name, value in found.items()}


def _mean(figures: NDArray[np.float64]) -> float:
    """Of those that could be measured; 0 where none could (all photos have one grade)."""
    known = figures[np.isfinite(figures)]
    return float(known.mean()) if known.size else 0.0


def figure_of(line: Line, wanted: Stopping) -> float:
    """Greater is better."""
    return -line[VALIDATION_LOSS] if wanted.figure == "loss" else line[wanted.figure]


def is_best(lines: Sequence[Line], wanted: Stopping) -> bool:
    """Whether the last line is better than all before."""
    *before, last = (figure_of(line, wanted) for line in lines)
    return not before or last > max(before)


def epochs_since_best(lines: Sequence[Line], wanted: Stopping) -> int:
    figures = [figure_of(line, wanted) for line in lines]
    return len(figures) - 1 - figures.index(max(figures)) if figures else 0
