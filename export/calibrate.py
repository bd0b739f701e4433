"""Temperatures and abstention thresholds, chosen on the calibration split only."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dupi.knowledge.vocabulary import Condition
from export.data.dataset import NO_GRADE, Packed
from export.metrics import Predicted
from export.network import probabilities

_TEMPERATURES = np.geomspace(0.25, 4.0, 81)
_CLEAR_PHOTOS_LOST = 0.01
_GREATEST_THRESHOLD = 0.6
_GREATEST_DOMAIN_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """``temperature`` divides the logits; below ``abstain_below`` a finding abstains."""

    temperature: float
    abstain_below: float


def calibrate(predicted: Predicted, packed: Packed) -> dict[str, Calibration]:
    """By condition name, and ``IN_DOMAIN``."""
    grades = torch.from_numpy(packed.grades)
    scalp = grades[:, 0] != NO_GRADE
    found = {
        str(condition): _calibrate_head(predicted.logits[scalp, column], grades[scalp, column])
        for column, condition in enumerate(Condition)
    }
    return {**found, "IN_DOMAIN": calibrate_domain(predicted.domain, scalp)}


def _calibrate_head(logits: Tensor, grades: Tensor) -> Calibration:
    """Temperature of the least negative log-likelihood, and a threshold that spares clear photos.

    The threshold is as high as it can be while 1 % of the rightly graded photos abstain at most.
    """
    rows = torch.arange(len(grades))

    def loss(temperature: float) -> float:
        right = probabilities(logits / temperature)[rows, grades]
        return float(-right.clamp_min(1e-9).log().mean())

    temperature = float(min(_TEMPERATURES, key=loss))
    graded = probabilities(logits / temperature)
    confidence, chosen = graded.max(dim=1)
    clear = confidence[chosen == grades].numpy()
    threshold = float(np.quantile(clear, _CLEAR_PHOTOS_LOST))
    return Calibration(round(temperature, 4), round(min(threshold, _GREATEST_THRESHOLD), 3))


def calibrate_domain(logits: Tensor, scalp: Tensor) -> Calibration:
    """From logits [n] and which of them are of scalps [n]; 1 % of the scalps is refused at most."""
    target = scalp.float()

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        return float(torch.nn.functional.binary_cross_entropy_with_logits(scaled, target))

    temperature = float(min(_TEMPERATURES, key=loss))
    score = torch.sigmoid(logits / temperature)[scalp].numpy()
    threshold = float(np.quantile(score, _CLEAR_PHOTOS_LOST))
    return Calibration(round(temperature, 4), round(min(threshold, _GREATEST_DOMAIN_THRESHOLD), 3))
