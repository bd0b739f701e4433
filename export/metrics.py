"""Predictions over a packed split, and how right they are."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.dataset import NO_GRADE, Packed
from export.network import ScalpNetwork, probabilities

_GRADES = len(Severity)


@dataclass(frozen=True, slots=True)
class Predicted:
    """``logits`` [n, 6, 3] and ``domain`` [n] (a logit) of every photo of a split, in its order."""

    logits: torch.Tensor
    domain: torch.Tensor


@torch.inference_mode()
def predict(network: ScalpNetwork, packed: Packed, batch_size: int = 32) -> Predicted:
    network.eval()
    logits, domain = [], []
    for start in range(0, len(packed), batch_size):
        photos = torch.from_numpy(packed.photos[start : start + batch_size])
        graded, scalp = network(photos)
        logits.append(graded)
        domain.append(scalp)
    return Predicted(torch.cat(logits), torch.cat(domain))


def grades_of(predicted: Predicted) -> NDArray[np.int64]:
    """Most probable grades ``[n, 6]``."""
    return np.asarray(probabilities(predicted.logits).argmax(dim=-1).numpy(), np.int64)


def exact_share(predicted: Predicted, packed: Packed) -> dict[str, float]:
    """Share of exactly right grades by condition, and of right in-domain answers."""
    scalp = packed.grades[:, 0] != NO_GRADE
    right = (grades_of(predicted) == packed.grades)[scalp].mean(axis=0)
    shares = {str(c): float(share) for c, share in zip(Condition, right, strict=True)}
    known = (predicted.domain.numpy() > 0) == scalp
    return {**shares, "IN_DOMAIN": float(known.mean())}


def confusion(true: NDArray[np.int64], graded: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts ``[true, graded]``."""
    return np.bincount(true * _GRADES + graded, minlength=_GRADES**2).reshape(_GRADES, _GRADES)


def quadratic_kappa(counts: NDArray[np.int64]) -> float:
    """Agreement beyond chance, a disagreement weighing by its square (QWK)."""
    levels = np.arange(_GRADES)
    weights = (levels[:, None] - levels[None, :]) ** 2
    chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1)
    expected = float((weights * chance).sum())
    return 1.0 - float((weights * counts).sum()) / expected if expected else 1.0


def macro_f1(counts: NDArray[np.int64]) -> float:
    """Mean F1 over the grades that occur."""
    right = np.diag(counts).astype(float)
    all_counts = counts.sum(axis=0) + counts.sum(axis=1)
    occurs = counts.sum(axis=1) > 0
    return float((2 * right[occurs] / np.maximum(all_counts[occurs], 1)).mean())
