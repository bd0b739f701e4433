"""Draws the example images of the condition guide: each condition at each grade.

    python -m export.data.examples dupi/knowledge/examples

writes ``<condition>_<grade>.jpg`` in lower case, 0 being clear. The four of a condition are the
same drawn scalp, so that they differ by the condition alone. They are drawings, no photos.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from export.data.drawing.grades import NO_CONDITION
from export.data.drawn import Drawn, draw_wanted

_WIDTH, _QUALITY = 320, 56
"""All 24 together stay below 400 kB."""

SCALPS: Final[Mapping[Condition, int]] = {
    Condition.FINE_SCALING: 3160,
    Condition.EXCESS_SEBUM: 3220,
    Condition.INTERFOLLICULAR_ERYTHEMA: 3302,
    Condition.FOLLICULAR_PUSTULES: 3103,
    Condition.DANDRUFF: 3160,
    Condition.HAIR_LOSS: 3220,
}
"""The scalp that shows each condition best, chosen by eye."""


def example(condition: Condition, severity: Severity, scalp: int | None = None) -> Drawn:
    seed = SCALPS[condition] if scalp is None else scalp
    grades = {**NO_CONDITION, condition: severity}
    return draw_wanted(grades, seed, site=ScalpSite.BACK, width=_WIDTH, is_plain=True)


def file_name(condition: Condition, severity: Severity) -> str:
    return f"{condition.lower()}_{int(severity)}.jpg"


def draw_examples(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for condition in Condition:
        for severity in Severity:
            photo = example(condition, severity).photo
            path = folder / file_name(condition, severity)
            photo.save(path, quality=_QUALITY, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    draw_examples(parser.parse_args().folder)


if __name__ == "__main__":
    main()
