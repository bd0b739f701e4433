"""Where each condition lies in a drawing, from the renderer to what training is told."""

from pathlib import Path

import numpy as np
import pytest

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.dataset import gather
from export.data.drawing.grades import SCALES
from export.data.drawn import draw_wanted
from export.data.extents import SCALE, SIDE, UNKNOWN, encoded, extents_file, read_extents
from export.data.items import Item
from export.data.synthetic import write_dataset

_C = Condition
NOTHING = dict.fromkeys(Condition, Severity.NONE)


def areas(extents: np.ndarray) -> np.ndarray:
    return (extents / SCALE) ** 2


def item(path: Path) -> Item:
    return Item(path, group="", device="", grades=(0,) * 6, digest="")


def test_a_cell_holds_the_root_of_its_share() -> None:
    half = np.zeros((240, 320), np.float32)
    half[:, :160] = 0.25
    found = encoded([half] * 6)
    assert found.shape == (6, SIDE, SIDE)
    assert set(np.unique(found[0, :, : SIDE // 2])) == {SCALE // 2}
    assert not found[0, :, SIDE // 2 :].any()


@pytest.mark.parametrize("condition", [_C.DANDRUFF, _C.EXCESS_SEBUM, _C.HAIR_LOSS,
                                       _C.INTERFOLLICULAR_ERYTHEMA])  # fmt: skip
def test_extents_add_up_to_the_amount_whose_thresholds_make_the_grade(
    condition: Condition,
) -> None:
    """So that a network that tells the cells right has what the grade is made of."""
    mild, moderate, severe = SCALES[condition].thresholds
    bounds = (0.0, mild, moderate, severe, 100.0)
    for grade in Severity:
        drawn = draw_wanted({**NOTHING, condition: grade}, 3, is_plain=True, width=160)
        shown = 100 * areas(drawn.extents[tuple(Condition).index(condition)]).mean()
        assert bounds[grade] * 0.7 <= shown <= bounds[grade + 1] * 1.3


def test_a_drawn_set_tells_them_and_other_photos_do_not(tmp_path: Path) -> None:
    write_dataset(tmp_path, count=2, strangers=0, seed=7, width=96)
    photos = sorted(tmp_path.rglob("photos/*.jpg"))
    found = read_extents([item(photos[0]), item(tmp_path / "photos/other.jpg")])
    assert not (found[0] == UNKNOWN).any()
    assert (found[1] == UNKNOWN).all()
    assert extents_file(photos[1]).exists()


def test_they_are_taken_for_no_photos(tmp_path: Path) -> None:
    write_dataset(tmp_path, count=3, strangers=0, seed=7, width=96)
    found = gather(tmp_path)
    assert len(found.items) == 3
    assert not found.remarks.left_out
