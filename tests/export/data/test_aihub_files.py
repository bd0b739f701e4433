"""What folders say, and photos that need no label."""

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.aihub import find_items
from export.data.aihub_files import folder_grade, official_side
from export.data.items import Split
from tests.export.data.making import photo, write

Form = Literal["NFC", "NFD"]
CROPS = ("lake__1", "lake__2", "hill__1")

FOLDERS = {
    "Training/탈모/[원천]탈모_2.중등도": (Condition.HAIR_LOSS, Severity.MODERATE),
    "1.미세각질/0.양호": (Condition.FINE_SCALING, Severity.NONE),
    "모낭홍반농포/3.중증": (Condition.FOLLICULAR_PUSTULES, Severity.SEVERE),
    "4.모낭홍반_농포/[라벨]_1.경증": (Condition.FOLLICULAR_PUSTULES, Severity.MILD),
    "3.모낭사이홍반/1.경증": (Condition.INTERFOLLICULAR_ERYTHEMA, Severity.MILD),
    "photos": None,
    "비듬": None,
}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(("folder", "said"), FOLDERS.items())
def test_folders_tell_condition_and_grade(folder: str, said: object, form: Form) -> None:
    assert folder_grade(Path(unicodedata.normalize(form, folder))) == said


SIDES = {
    "Training/탈모": Split.TRAINING,
    "1.Training/비듬/0.양호": Split.TRAINING,
    "2.Validation": Split.TEST,
    "validation/Training": Split.TRAINING,
    "my training photos": None,
}


@pytest.mark.parametrize(("folder", "side"), SIDES.items())
def test_the_nearest_official_folder_tells_the_side(folder: str, side: Split | None) -> None:
    assert official_side(Path(folder) / "x.jpg") is side


def test_what_is_no_scalp_needs_no_label_and_may_share_names(tmp_path: Path) -> None:
    write(tmp_path, {"strangers/fur/1.jpg": photo(1), "strangers/text/1.jpg": photo(2)})
    found = find_items(tmp_path)
    assert [item.grades for item in found.items] == [(), ()]
    assert {item.source for item in found.items} == {"fur", "text"}
    assert not found.remarks.counts


def test_crops_of_one_photograph_stay_together(tmp_path: Path) -> None:
    write(tmp_path / "strangers/walls", {f"{name}.jpg": photo(n) for n, name in enumerate(CROPS)})
    groups = {item.path.stem: item.group for item in find_items(tmp_path).items}
    assert groups["lake__1"] == groups["lake__2"] != groups["hill__1"]
