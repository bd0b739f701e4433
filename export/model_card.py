"""What was measured of the classifiers, and the page that tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dupi.knowledge.vocabulary import Condition

SCALP: Final = "scalp"
"""Its row in ``Report.refused_by_kind``: what is refused there is refused wrongly."""


@dataclass(frozen=True, slots=True)
class HeadScores:
    """``exact``, ``kappa`` (QWK) and ``macro_f1`` are over all photos, abstaining or not."""

    exact: float
    kappa: float
    macro_f1: float
    abstained: float
    exact_of_kept: float
    confusion: list[list[int]]


@dataclass(frozen=True, slots=True)
class Refused:
    """How many of these photos the in-domain head took for no scalp."""

    photos: int
    refused: int


@dataclass(frozen=True, slots=True)
class Report:
    """``clear_right``: share of the photos without any condition that got NONE for all six.

    ``refused_by_kind``: of the scalps, and of each kind of stranger: the folder that it lies in.
    """

    photos: int
    strangers: int
    trunk_version: int
    input_size: int
    trained_on: str
    heads: Mapping[str, HeadScores]
    clear_photos: int
    clear_right: float
    domain_version: int
    domain_trained_on: str
    in_domain_right: float
    refused_by_kind: Mapping[str, Refused]


_CARD = """# The shipped classifiers

An EfficientNet-B0 trunk (version {version}) with six ordinal heads (CORN) and an in-domain head
(version {domain_version}), {size} px, one safetensors file (fp16) a model. Every file's metadata
holds its version, the trunk it belongs to, its temperature and the confidence below which a finding
abstains.

**Not a medical device.** Trained on {trained_on}, in the file
format of AI-Hub's scalp data set but without any of its images. The figures below say that the
models learned to read these drawings; they say nothing about scalps, make no clinical claim, and
are not comparable with any published accuracy on photos of people. Grades are this project's own
scale of drawn amounts (`export/data/drawing/grades.py`).

The trunk joins all depths of the backbone with simple statistics of each cell's colours, which let
it learn from scratch within an hour on one CPU core. Attention maps are class activations of the
head; they fade with the chance of any finding.

**In-domain head.** It tells scalps from what is none, and keeps a photo of the latter from being
graded. Trained by `export.domain` on {domain_trained_on}. It has
seen drawn faces, fur, fabric, bare skin, pages, views and shapes, and pieces of four sample photos
that installed packages carry; no real photo of a scalp, and no real face but the one portrait among
those four. What it does with real photographs of either is unknown. Below, `face` is by the painter
whose faces it was trained on, `face of an unseen painter` by the one of
`tests/support/strangers.py`.

Version 1 of trunk and six heads was trained in three steps: six epochs of
`export/recipes/first.toml`; after the colour differences had been added to the cells, three epochs
of `second.toml` from those weights (`export.train --start`); then join and heads alone
(`export.refine`). A new run has the colour differences from the start, draws 5,000 photos and runs
both recipes whole (ten and nine epochs); that run has not been made. Temperatures and thresholds
come from a calibration split (`export.release`).

## Figures

"""


def as_markdown(report: Report) -> str:
    """The model card: what the models are, a table by condition, and figures of whole photos."""
    rows = [
        f"| {Condition(name).korean} `{name}` | {s.exact:.1%} | {s.kappa:.3f} | {s.macro_f1:.3f} "
        f"| {s.abstained:.1%} | {s.exact_of_kept:.1%} |"
        for name, s in report.heads.items()
    ]
    card = _CARD.format(
        version=report.trunk_version,
        trained_on=report.trained_on,
        size=report.input_size,
        domain_version=report.domain_version,
        domain_trained_on=report.domain_trained_on,
    )
    return card + "\n".join(
        [
            f"Measured on {report.photos} drawn scalp photos and {report.strangers} that are no "
            "scalp, none of them seen in training.",
            "",
            "| condition | exact grade | QWK | macro F1 | abstained | exact where kept |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            f"- Photos without any condition that got `NONE` for all six: {report.clear_right:.1%} "
            f"of {report.clear_photos}.",
            f"- Scalp or no scalp told right: {report.in_domain_right:.1%}.",
            "",
            "| taken for no scalp, by what it is | photos | refused |",
            "|---|---|---|",
            *(f"| {kind} | {r.photos} | {r.refused} |" for kind, r in _scalps_first(report)),
            "",
        ]
    )


def _scalps_first(report: Report) -> list[tuple[str, Refused]]:
    return sorted(report.refused_by_kind.items(), key=lambda row: (row[0] != SCALP, row[0]))
