"""Draws the demo's three photos: two sites with different conditions, and a clear scalp.

    python -m export.data.demo_photos frontend-contract/examples/photos

No data set holds them, so no training run has seen them. ``photos.json`` names each photo's site
and drawn grades. Those in the repository go with the shipped weights, which grade all
of them as drawn, by the choice of the seeds: draw them anew with new ones.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from export.data.drawing.grades import NO_CONDITION, Grades
from export.data.drawn import draw_wanted

_WIDTH, _QUALITY = 640, 92


@dataclass(frozen=True, slots=True)
class DemoPhoto:
    file: str
    site: ScalpSite
    grades: Grades
    seed: int


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
        seed=955,
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
        seed=907,
    ),
    DemoPhoto("clean.jpg", ScalpSite.LEFT, NO_CONDITION, seed=903),
)


def draw_demo_photos(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for demo in DEMO_PHOTOS:
        drawn = draw_wanted(demo.grades, demo.seed, site=demo.site, width=_WIDTH, is_plain=True)
        drawn.photo.save(folder / demo.file, quality=_QUALITY)
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
