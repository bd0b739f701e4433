"""The in-domain score: what of the photos that are no scalps is taken for one."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from export.judging.bootstrap import REPLICATES, Estimate, resample
from export.judging.judged import SCALP, Judged
from export.judging.scores import share_of

SCALPS_KEPT: Final = 0.99


@dataclass(frozen=True, slots=True)
class Kind:
    """Strangers of one kind, of ``sources`` different things.

    ``taken``: the share whose score reaches the served threshold; ``taken_at_99``: the one that
    keeps 99 % of these scalps.
    """

    name: str
    photos: int
    sources: int
    taken: Estimate
    taken_at_99: Estimate


@dataclass(frozen=True, slots=True)
class InDomain:
    """``threshold`` as served, ``threshold_at_99`` read off these scalps to compare heads by: it
    goes into no model."""

    threshold: float
    threshold_at_99: float
    scalps: int
    scalps_kept: Estimate
    kinds: list[Kind]


def domain_report(
    judged: Judged, threshold: float, *, replicates: int = REPLICATES, seed: int = 0
) -> InDomain:
    """Raises ``ValueError`` where there is no scalp among them."""
    scalps = judged.scalps
    samples = resample(scalps.groups, replicates=replicates, seed=seed)
    at_99 = float(np.quantile(scalps.domain, 1 - SCALPS_KEPT, method="lower"))
    everyone = np.ones(len(scalps), np.bool_)
    return InDomain(
        threshold=threshold,
        threshold_at_99=at_99,
        scalps=len(scalps),
        scalps_kept=share_of(everyone, scalps.domain >= threshold, samples),
        kinds=[
            _kind(judged[judged.kinds == name], name, (threshold, at_99), (replicates, seed))
            for name in sorted(set(judged.kinds.tolist()) - {SCALP})
        ],
    )


def _kind(
    strangers: Judged, name: str, thresholds: tuple[float, float], drawing: tuple[int, int]
) -> Kind:
    samples = resample(strangers.groups, replicates=drawing[0], seed=drawing[1])
    everyone = np.ones(len(strangers), np.bool_)
    taken, at_99 = (share_of(everyone, strangers.domain >= t, samples) for t in thresholds)
    return Kind(name, len(strangers), samples.groups, taken, at_99)
