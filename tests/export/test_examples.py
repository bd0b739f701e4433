"""The condition guide's example images, and what is written about the drawings."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dupi.knowledge
import export.data.drawing
from dupi.knowledge.vocabulary import Condition, Severity
from export.data.demo_photos import DEMO_PHOTOS, draw_demo_photos
from export.data.drawing.grades import table
from export.data.examples import example, file_name

EXAMPLES = Path(dupi.knowledge.__file__).parent / "examples"
BYTES_ALLOWED = 400_000


def test_there_is_one_small_image_for_each_condition_and_grade() -> None:
    names = {file_name(condition, severity) for condition in Condition for severity in Severity}
    assert {path.name for path in EXAMPLES.iterdir()} == names
    assert len(names) == 24
    assert sum(path.stat().st_size for path in EXAMPLES.iterdir()) <= BYTES_ALLOWED


@pytest.mark.parametrize("condition", Condition)
def test_the_images_are_what_the_command_draws(condition: Condition) -> None:
    """But for what JPEG loses, which depends on its library."""
    for severity in Severity:
        drawn = example(condition, severity)
        with Image.open(EXAMPLES / file_name(condition, severity)) as kept:
            apart = np.asarray(kept, int) - np.asarray(drawn.photo, int)
        assert np.abs(apart).mean() < 12
        assert drawn.lesions[condition].any() == (severity > Severity.NONE)


def test_the_written_thresholds_are_those_of_the_code() -> None:
    readme = Path(export.data.drawing.__file__).parent / "README.md"
    assert table() in readme.read_text(encoding="utf-8")


def test_demo_photos_are_drawn_with_their_record(tmp_path: Path) -> None:
    draw_demo_photos(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "photos.json", *(demo.file for demo in DEMO_PHOTOS)
    }  # fmt: skip
    for demo in DEMO_PHOTOS:
        with Image.open(tmp_path / demo.file) as photo:
            assert photo.size == (640, 480)
