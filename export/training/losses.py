"""The losses of the grades, over all conditions at once; a photo without grades takes no part.

Each is a sum of one loss or several (one a threshold) for every photo and condition, together with
which of them count; the mean over what counts, weighed by grade, is the loss.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from export.data.extents import SCALE, UNKNOWN
from export.data.items import NO_GRADE
from export.network import GRADES, THRESHOLDS
from export.recipe import Loss

Terms = tuple[Tensor, Tensor]
"""Losses ``[B, C, T]`` and which of them count, 0 or 1."""
_LEAST: Final = 1e-6


def cross_entropy(logits: Tensor, grades: Tensor, _: float) -> Terms:
    losses = -logits.log_softmax(dim=-1).gather(-1, grades[..., None])
    return losses, torch.ones_like(losses)


def focal(logits: Tensor, grades: Tensor, gamma: float) -> Terms:
    """Certain photos count less (Lin 2017)."""
    right = logits.log_softmax(dim=-1).gather(-1, grades[..., None])
    return -((1 - right.exp()) ** gamma) * right, torch.ones_like(right)


def class_distance(logits: Tensor, grades: Tensor, alpha: float) -> Terms:
    """A chance weighs by its distance from the true grade (Polat 2022)."""
    wrong = 1 - logits.softmax(dim=-1)
    distance = (torch.arange(GRADES, device=logits.device) - grades[..., None]).abs() ** alpha
    losses = -(wrong.clamp_min(_LEAST).log() * distance).sum(dim=-1, keepdim=True)
    return losses, torch.ones_like(losses)


def corn(logits: Tensor, grades: Tensor, _: float) -> Terms:
    """Is it worse than k? Asked of those that are k or worse (Shi, Cao, Raschka 2021)."""
    levels = torch.arange(THRESHOLDS, device=logits.device)
    passed = (grades[..., None] > levels).float()
    losses = functional.binary_cross_entropy_with_logits(logits, passed, reduction="none")
    return losses, (grades[..., None] >= levels).float()


def coral(logits: Tensor, grades: Tensor, _: float) -> Terms:
    """Is it worse than k? Asked of all (Cao, Mirjalili, Raschka 2020)."""
    passed = (grades[..., None] > torch.arange(THRESHOLDS, device=logits.device)).float()
    losses = functional.binary_cross_entropy_with_logits(logits, passed, reduction="none")
    losses = losses.sum(dim=-1, keepdim=True)
    return losses, torch.ones_like(losses)


_LOSSES: Final[Mapping[str, Callable[[Tensor, Tensor, float], Terms]]] = {
    "cross_entropy": cross_entropy,
    "focal": focal,
    "class_distance": class_distance,
    "corn": corn,
    "coral": coral,
}


class GradeLoss(nn.Module):
    """The recipe's loss of logits ``[B, C, K]`` against grades ``[B, C]``."""

    weights: Tensor

    def __init__(self, wanted: Loss, training: NDArray[np.int64]) -> None:
        """``training``: the grades ``[n, C]`` by whose numbers rare ones weigh more."""
        super().__init__()
        self._terms, self._power = _LOSSES[wanted.name], wanted.power
        weights = [effective_weights(column, wanted.balance) for column in training.T]
        self.register_buffer("weights", torch.tensor(np.array(weights), dtype=torch.float32))

    def forward(self, logits: Tensor, grades: Tensor) -> Tensor:
        known = grades.clamp_min(0)
        losses, counted = self._terms(logits.float(), known, self._power)
        weights = self.weights.expand(len(grades), -1, -1).gather(2, known[..., None])
        counted = counted * weights * (grades != NO_GRADE)[..., None]
        return (losses * counted).sum() / counted.sum().clamp_min(_LEAST)


def effective_weights(grades: NDArray[np.int64], beta: float) -> NDArray[np.float64]:
    """A weight a grade, 1 on average over the grades, by the effective number of photos.

    The n-th photo of a grade tells beta as much as the one before (Cui 2019); 0: all weigh 1.
    """
    counts = np.bincount(grades[grades != NO_GRADE], minlength=GRADES).clip(min=1)
    weights = (1 - beta) / (1 - beta**counts)
    return np.asarray(weights * GRADES / weights.sum(), np.float64)


def extent_loss(logits: Tensor, extents: Tensor) -> Tensor:
    """How much of each condition shows in each cell? ``logits`` [B, C, h, w] against the areas
    that ``areas_of`` gives, of which the root is asked, for small ones to count; 0 where none of
    the photos tells."""
    wanted = functional.adaptive_avg_pool2d(extents, logits.shape[2:])
    told = (wanted >= 0).float()
    losses = functional.binary_cross_entropy_with_logits(
        logits.float(), wanted.clamp_min(0).sqrt(), reduction="none"
    )
    return (losses * told).sum() / told.sum().clamp_min(1)


def areas_of(extents: Tensor) -> Tensor:
    """uint8 of ``export.data.extents`` to shares from 0 to 1; -1 for a photo that tells none."""
    areas = (extents.float() / SCALE) ** 2
    return torch.where((extents == UNKNOWN).flatten(1).all(dim=1)[:, None, None, None], -1.0, areas)


def domain_loss(logits: Tensor, grades: Tensor) -> Tensor:
    """Is this a scalp? ``logits`` [B]; strangers carry no grade."""
    scalp = (grades[:, 0] != NO_GRADE).float()
    return functional.binary_cross_entropy_with_logits(logits.float(), scalp)
