"""The model card, in Markdown: what the models are for, learned from, and how right they are."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from export.judging import card_tables as tables
from export.judging.card_summary import in_short
from export.judging.evaluation import Evaluation
from export.judging.plots import CONFUSION, RELIABILITY, RISK

DRAWN, PHOTOGRAPHED = "drawn", "photographed"
"""What the photos are that the models were judged by."""

_INTENDED: Final = """\
**For**: showing a person the state of the scalp in a photo of it, as one input to a care plan that
rules decide, and for showing that this platform works. **Not for**: diagnosis, choosing a
treatment, telling healthy from ill, photos of anything but a scalp, or any decision that nobody
looks at. **Not a medical device.**"""

_DRAWN: Final = """\
All figures below are of **synthetic photos that this project draws itself**. They show that the
models learned to read these drawings. They say nothing about photographs of scalps, make no
clinical claim, and **are not comparable with any figure measured on photographs**, such as the
accuracies published for AI-Hub's scalp data set. Grades are this project's own scale of drawn
amounts (`export/data/drawing/grades.py`)."""

_PHOTOGRAPHED: Final = """\
All figures below are of labelled photographs of one data set: its devices, its labellers, its
people. They make no clinical claim, and elsewhere they will be lower."""

_LIMITS: Final = """\
- What the grades are worth on a real scalp under another microscope or a phone's camera is unknown
  until it is measured there.
- What the in-domain score does with **real photographs of scalps** is unknown where it was trained
  on drawn ones: it may refuse them, or take what is none.
- Attention maps are where the head's own weights saw what its grade rests on. They are **the
  model's attention, not outlines of lesions**, and say nothing about what else is there.
- Intervals tell how far resampling the same photos moves a figure. They know nothing of other
  devices, other people or other labellers.
- A finding that abstains shows no grade; one that does not can still be wrong."""


def as_markdown(found: Evaluation, photos: str, *, pictures: str | None, recipe: str = "") -> str:
    """``photos``: ``DRAWN`` or ``PHOTOGRAPHED``; ``pictures``: where the PNGs lie, seen from the
    card, or None to do without; ``recipe``: the text of the training recipe, if it is told."""
    parts = [
        ("Scalp classifiers", _opening(found)),
        ("What they are for", [_INTENDED]),
        ("What they were trained on", tables.training(found.models.values())),
        ("What they were judged by", [_judged_by(found, photos)]),
        ("In short", in_short(found)),
        (
            "How right they are",
            tables.grades(found.graded, found.replicates),
        ),
        ("How sure one may be", tables.sureness(found.graded)),
        ("Pictures", _pictures(pictures) if pictures is not None else []),
        ("One condition alone", tables.alone(found.alone)),
        ("Attention maps", tables.attention(found.attention, found.alone)),
        ("Scalp or no scalp", tables.in_domain(found.in_domain)),
        ("Who and what it was measured on", tables.subgroups(found.graded)),
        ("Limits", [_LIMITS]),
        ("Versions", _versions(found, recipe)),
    ]
    return "\n".join(_headed(parts))


def _headed(parts: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    for number, (title, lines) in enumerate(part for part in parts if part[1]):
        yield f"{'#' if number == 0 else '##'} {title}\n"
        for line in lines:
            yield f"{line}\n"


def _opening(found: Evaluation) -> list[str]:
    if not found.models:
        return [_of_a_run(found)]
    trunk, domain = found.models[contract.TRUNK], found.models[contract.DOMAIN_HEAD]
    heads = sorted({found.models[contract.head_name(c)].version for c in Condition})
    named = ", ".join(map(str, heads))
    return [
        f"One trunk (version {trunk.version}, {trunk.input_size} px) whose features six heads "
        f"(version {named}) grade, NONE to SEVERE, one condition each; and a head "
        f"(version {domain.version}) that tells whether the photo shows a scalp at all. Measured "
        "as they are served."
    ]


def _of_a_run(found: Evaluation) -> str:
    recipes = sorted({origin["recipe"]["name"] for origin in found.origins})
    data = sorted({origin["data_sha256"][:12] for origin in found.origins})
    return (
        f"A training run of the recipe `{', '.join(recipes)}` ({len(found.origins)} trunks), "
        f"trained on the data with the hash `{', '.join(data)}`. It was judged **before it was "
        "calibrated and published**: temperatures are 1, and nothing abstains."
    )


def _judged_by(found: Evaluation, photos: str) -> str:
    graded = found.graded
    severe = min(graded.severe.values())
    counts = (
        f"{graded.photos:,} scalp photos of {graded.groups:,} sessions and {graded.devices:,} "
        f"devices, at least {severe:,} severe ones of each condition; and {found.strangers:,} "
        "photos that are no scalps."
    )
    return f"{_DRAWN if photos == DRAWN else _PHOTOGRAPHED}\n\n{counts}"


def _pictures(folder: str) -> list[str]:
    prefix = f"{folder}/" if folder else ""
    return [
        f"![Confusion matrices of the six conditions]({prefix}{CONFUSION})",
        f"![Reliability diagrams of the six conditions]({prefix}{RELIABILITY})",
        f"![Risk and coverage of the six conditions]({prefix}{RISK})",
    ]


def _versions(found: Evaluation, recipe: str) -> list[str]:
    lines = [
        *(tables.models(found.models.values()) if found.models else []),
        f"Judged by the photos with the data hash `{found.data_sha256}`, with "
        + ", ".join(f"{name} {version}" for name, version in found.versions.items())
        + ". A data hash is the sha256 over the sorted sha256s of the photos.",
    ]
    if recipe:
        lines.append(f"The recipe of the training:\n\n```toml\n{recipe.strip()}\n```")
    return lines
