"""Draws the demo's three photos: two sites with different conditions, and a clear scalp.

    python -m export.data.demo_photos frontend-contract/examples/photos

Their seed is used by no data set, so no training run has seen them. ``photos.json`` names each
photo's site and drawn grades.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from export.data.drawing import draw_scalp
from export.data.drawing.grades import NO_CONDITION, Grades
from export.data.synthetic import JPEG_QUALITY

_SEED = 20_261_126


@dataclass(frozen=True, slots=True)
class DemoPhoto:
    file: str
    site: ScalpSite
    grades: Grades


DEMO_PHOTOS = (
    DemoPhoto(
        "crown.jpg",
        ScalpSite.CROWN,
        {
            Condition.FINE_SCALING: Severity.MILD,
            Condition.EXCESS_SEBUM: Severity.SEVERE,
            Condition.INTERFOLLICULAR_ERYTHEMA: Severity.NONE,
            Condition.FOLLICULAR_PUSTULES: Severity.MODERATE,
            Condition.DANDRUFF: Severity.NONE,
            Condition.HAIR_LOSS: Severity.MODERATE,
        },
    ),
    DemoPhoto(
        "back.jpg",
        ScalpSite.BACK,
        {
            Condition.FINE_SCALING: Severity.SEVERE,
            Condition.EXCESS_SEBUM: Severity.NONE,
            Condition.INTERFOLLICULAR_ERYTHEMA: Severity.MODERATE,
            Condition.FOLLICULAR_PUSTULES: Severity.NONE,
            Condition.DANDRUFF: Severity.MODERATE,
            Condition.HAIR_LOSS: Severity.NONE,
        },
    ),
    DemoPhoto("clean.jpg", ScalpSite.LEFT, NO_CONDITION),
)


def draw_demo_photos(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, demo in enumerate(DEMO_PHOTOS):
        photo = draw_scalp(demo.grades, np.random.default_rng([_SEED, number]))
        photo.save(folder / demo.file, quality=JPEG_QUALITY)
    records = [
        {
            "file": demo.file,
            "site": demo.site.value,
            "grades": {condition.value: grade.name for condition, grade in demo.grades.items()},
        }
        for demo in DEMO_PHOTOS
    ]
    text = json.dumps(records, indent=2)
    (folder / "photos.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    draw_demo_photos(parser.parse_args().folder)


if __name__ == "__main__":
    main()
