"""Temperatures and abstention thresholds, chosen on the calibration split only.

``calibrate_network`` is given all splits and looks at one, which neither trains nor judges: a
threshold that was chosen on the photos that judge it would flatter itself.

Labels are wrong now and then. Fitted to them as they are, a head would be as unsure as its labels
are unreliable, and abstain for their mistakes: where it is known how many are one grade off, it is
fitted to what such labels would say of its answers (forward correction, Patrini et al., 2017).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dupi.knowledge.vocabulary import Condition
from export.data.items import NO_GRADE, Packed, Split
from export.judging.risk import curve
from export.metrics import Predicted, answers, predict
from export.network import ScalpNetwork

_TEMPERATURES = np.geomspace(0.25, 4.0, 81)
RISK_WANTED: Final = 0.02
MOST_ABSTAINING: Final = 0.10
RIGHT_ONES_LOST: Final = 0.01
SCALPS_LOST: Final = 0.01
_GREATEST_DOMAIN_THRESHOLD = 0.5
_BESIDE: Final = torch.tensor(
    [[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0, 0, 1, 0]], dtype=torch.float32
)
"""What a wrong label says of each grade: one of its neighbours."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``temperature`` divides the logits; below ``abstain_below`` a finding abstains."""

    temperature: float
    abstain_below: float


def calibrate_network(
    network: ScalpNetwork, data: Mapping[Split, Packed], label_errors: float = 0.0
) -> dict[str, Calibration]:
    """By condition name, and ``IN_DOMAIN``; from the calibration split of ``data`` alone."""
    packed = data[Split.CALIBRATION]
    return calibrate(predict(network, packed), packed, label_errors)


def calibrate(
    predicted: Predicted, packed: Packed, label_errors: float = 0.0
) -> dict[str, Calibration]:
    """By condition name, and ``IN_DOMAIN``; ``packed`` must be a calibration split, of whose grades
    the share ``label_errors`` is one off."""
    grades = torch.from_numpy(packed.grades)
    scalp = grades[:, 0] != NO_GRADE
    found = {
        str(condition): _calibrate_head(
            Predicted(predicted.logits[scalp, column], predicted.domain, predicted.link),
            grades[scalp, column],
            label_errors,
        )
        for column, condition in enumerate(Condition)
    }
    return {**found, "IN_DOMAIN": calibrate_domain(predicted.domain, scalp)}


def _calibrate_head(predicted: Predicted, grades: Tensor, label_errors: float) -> Calibration:
    """Temperature of the least negative log-likelihood (Guo et al., 2017), then the threshold."""
    rows = torch.arange(len(grades))

    def loss(temperature: float) -> float:
        told = as_labelled(answers(predicted, temperature), label_errors)
        return float(-told[rows, grades].clamp_min(1e-9).log().mean())

    temperature = float(min(_TEMPERATURES, key=loss))
    confidence, chosen = answers(predicted, temperature).max(dim=1)
    threshold = abstention_threshold(
        confidence.numpy().astype(np.float64), (chosen == grades).numpy(), label_errors
    )
    return Calibration(round(temperature, 4), threshold)


def as_labelled(chances: Tensor, label_errors: float) -> Tensor:
    """What labels say where the truth has ``chances`` [n, 4]."""
    return (1 - label_errors) * chances + label_errors * (chances @ _BESIDE)


def abstention_threshold(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], label_errors: float = 0.0
) -> float:
    """The confidence below which a finding abstains, three digits, rounded down.

    As many abstain as it takes until those that are kept are wrong in 2 % at most, beside those
    whose label is, but never more than a tenth of all; and at least where 1 % of the right ones lie
    lower, so that a finding that is less sure than nearly all right ones were never counts.
    """
    line = curve(confidence, right)
    surest_first = np.unique(confidence)[::-1]
    good = (line.risk <= RISK_WANTED + label_errors) | (line.coverage <= 1 - MOST_ABSTAINING)
    by_risk = surest_first[np.flatnonzero(good)[-1]] if good.any() else surest_first[0]
    at_least = float(np.quantile(confidence[right], RIGHT_ONES_LOST)) if right.any() else 0.0
    at_most = float(np.quantile(confidence, MOST_ABSTAINING))
    return _rounded_down(min(max(float(by_risk), at_least), at_most))


def calibrate_domain(logits: Tensor, scalp: Tensor) -> Calibration:
    """From logits [n] and which of them are of scalps [n]; 1 % of the scalps is refused at most."""
    target = scalp.float()

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        return float(torch.nn.functional.binary_cross_entropy_with_logits(scaled, target))

    temperature = float(min(_TEMPERATURES, key=loss))
    score = torch.sigmoid(logits / temperature)[scalp].numpy()
    threshold = float(np.quantile(score, SCALPS_LOST))
    return Calibration(
        round(temperature, 4), _rounded_down(min(threshold, _GREATEST_DOMAIN_THRESHOLD))
    )


def _rounded_down(threshold: float) -> float:
    return float(np.floor(threshold * 1000) / 1000)
