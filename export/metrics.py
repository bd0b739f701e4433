"""Predictions over a packed split, and how right they are."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Condition
from export.data.items import NO_GRADE, Packed
from export.judging.metrics import confusion, macro_f1, quadratic_kappa
from export.network import ScalpNetwork, probabilities

__all__ = [
    "Predicted",
    "answers",
    "confusion",
    "exact_share",
    "grades_of",
    "macro_f1",
    "predict",
    "quadratic_kappa",
]


@dataclass(frozen=True, slots=True)
class Predicted:
    """``logits`` [n, 6, K] and ``domain`` [n] (a logit) of every photo of a split, in its order.

    ``link`` says how logits become probabilities (see ``network.probabilities``).
    """

    logits: torch.Tensor
    domain: torch.Tensor
    link: str = "corn"


@torch.inference_mode()
def predict(network: ScalpNetwork, packed: Packed, batch_size: int = 32) -> Predicted:
    network.eval()
    device = next(network.parameters()).device
    logits, domain = [], []
    for start in range(0, len(packed), batch_size):
        photos = torch.tensor(
            packed.photos[start : start + batch_size]
        )  # a mapped one is read-only
        graded, scalp = network(photos.to(device))
        logits.append(graded.cpu())
        domain.append(scalp.cpu())
    return Predicted(torch.cat(logits), torch.cat(domain), getattr(network, "link", "corn"))


def answers(predicted: Predicted, temperature: float = 1.0) -> torch.Tensor:
    """Probabilities ``[n, 6, 4]``; ``temperature`` divides the logits."""
    return probabilities(predicted.logits / temperature, predicted.link)


def grades_of(predicted: Predicted) -> NDArray[np.int64]:
    """Most probable grades ``[n, 6]``."""
    return np.asarray(answers(predicted).argmax(dim=-1).numpy(), np.int64)


def exact_share(predicted: Predicted, packed: Packed) -> dict[str, float]:
    """Share of exactly right grades by condition, and of right in-domain answers."""
    scalp = packed.grades[:, 0] != NO_GRADE
    right = (grades_of(predicted) == packed.grades)[scalp].mean(axis=0)
    shares = {str(c): float(share) for c, share in zip(Condition, right, strict=True)}
    known = (predicted.domain.numpy() > 0) == scalp
    return {**shares, "IN_DOMAIN": float(known.mean())}
