from pathlib import Path

import pytest

from dupi.knowledge.labels import PhotoName, parse_grades, parse_metadata
from export.data.dataset import find_items
from export.data.drawing.strangers import KINDS
from export.data.synthetic import draw, write_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synthetic")
    write_dataset(path, count=8, seed=7)
    return path


def test_files_are_named_and_labelled_as_aihub_does(folder: Path) -> None:
    photos = sorted(folder.rglob("photos/*.jpg"))
    assert len(photos) == 8
    drawn = {str(d.name): d for d in (draw(7, number) for number in range(2))}
    for stem, known in drawn.items():
        label = (folder / "labels" / f"{stem}.json").read_bytes()
        assert label.startswith(b"\xef\xbb\xbf")
        assert parse_grades(label, stem) == known.grades
        answers = parse_metadata((folder / "labels" / f"{stem}_META.json").read_bytes(), stem)
        assert answers.site is PhotoName.parse(stem).site
        assert not answers.unknown


def test_four_photos_are_one_session_at_four_sites(folder: Path) -> None:
    names = [PhotoName.parse(path.stem) for path in folder.rglob("photos/*.jpg")]
    assert len({name.group for name in names}) == 2
    assert len({(name.group, name.site) for name in names}) == 8


def test_what_is_no_scalp_lies_by_kind(tmp_path: Path) -> None:
    write_dataset(tmp_path, count=0, strangers=5, seed=7)
    found = find_items(tmp_path).items
    assert [item.grades for item in found] == [()] * 5
    assert {item.path.parent.name for item in found} <= set(KINDS)
    assert {item.path.parent.parent.name for item in found} == {"strangers"}


def test_an_interrupted_run_goes_on(folder: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.jpg")}
    write_dataset(folder, count=8, seed=7)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.jpg")} == times
