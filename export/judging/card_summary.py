"""The figures that decide, in a few lines at the head of the model card."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dupi.knowledge.vocabulary import Condition
from export.judging.bootstrap import Estimate
from export.judging.card_tables import told
from export.judging.evaluation import Evaluation
from export.judging.scores import OVERALL, Scores


@dataclass(frozen=True, slots=True)
class _Worst:
    name: str
    figure: Estimate

    def told(self, *, percent: bool = False) -> str:
        alone = Estimate(self.figure.value, self.figure.low, self.figure.high)
        return f"{told(alone, percent=percent)} ({self.name})"


def in_short(found: Evaluation) -> list[str]:
    """The worst of the six conditions, and of the kinds of strangers."""
    scores = found.graded.scores
    factor = scores[OVERALL].figures["factor"]
    lines = [
        f"Least QWK: {_worst(scores, 'qwk', min).told()}.",
        f"Greatest ECE: {_worst(scores, 'ece', max).told()}.",
        "Most severe ones graded as none: "
        f"{_worst(scores, 'severe_as_none', max).told(percent=True)}.",
        "Abstaining on the least sure tenth of all findings multiplies the error rate by "
        f"{told(Estimate(factor.value, factor.low, factor.high))}.",
    ]
    if found.alone:
        both = sum(a.both * a.photos for a in found.alone.values())
        photos = sum(a.photos for a in found.alone.values())
        lines.append(
            f"One condition drawn alone moves its grade and no other: {both / photos:.1%} of "
            f"{photos:,} drawings."
        )
    if found.in_domain:
        kinds = {kind.name: kind.taken_at_99 for kind in found.in_domain.kinds}
        worst = max(kinds, key=lambda name: kinds[name].value)
        lines.append(
            "Most of a kind taken for a scalp, where 99 % of the scalps are kept: "
            f"{_Worst(worst, kinds[worst]).told(percent=True)}."
        )
    return ["\n".join(f"- {line}" for line in lines)]


def _worst(scores: Mapping[str, Scores], figure: str, choose: Callable[..., Condition]) -> _Worst:
    found = {condition: scores[condition].figures[figure] for condition in Condition}
    measured = [condition for condition, one in found.items() if math.isfinite(one.value)]
    worst = choose(measured or list(Condition), key=lambda condition: found[condition].value)
    return _Worst(worst.korean, found[worst])
