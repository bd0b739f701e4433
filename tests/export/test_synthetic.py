"""Drawn data sets: AI-Hub's format, the same photos however they are made."""

from pathlib import Path

import numpy as np
import pytest

from dupi.knowledge.labels import PhotoName, parse_grades, parse_metadata
from dupi.knowledge.vocabulary import Condition, Severity
from export.data.drawing.devices import MAKES
from export.data.drawing.sampling import Purpose
from export.data.drawing.strangers import KINDS
from export.data.drawn import draw, draw_alone, draw_wanted
from export.data.synthetic import write_dataset

WIDTH = 96


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synthetic")
    write_dataset(path, count=8, strangers=3, seed=7, width=WIDTH)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_are_named_and_labelled_as_aihub_does(folder: Path) -> None:
    photos = sorted(folder.rglob("photos/*.jpg"))
    assert len(photos) == 8
    for number in range(2):
        drawn = draw(7, number, width=WIDTH)
        stem = str(drawn.name)
        label = (folder / "labels" / f"{stem}.json").read_bytes()
        assert label.startswith(b"\xef\xbb\xbf")
        assert b'"value_1": "' in label
        assert parse_grades(label, stem) == drawn.labels
        answers = parse_metadata((folder / "labels" / f"{stem}_META.json").read_bytes(), stem)
        assert answers.site is PhotoName.parse(stem).site
        assert not answers.unknown


def test_four_photos_are_one_session_of_one_person_at_four_sites(folder: Path) -> None:
    names = [PhotoName.parse(path.stem) for path in folder.rglob("photos/*.jpg")]
    assert len({name.group for name in names}) == 2
    assert len({(name.group, name.site) for name in names}) == 8
    for group in {name.group for name in names}:
        metas = [
            parse_metadata(path.read_bytes(), path.stem)
            for path in folder.rglob(f"labels/{group}_*_META.json")
        ]
        assert len({(meta.gender, meta.age) for meta in metas}) == 1


def test_what_is_no_scalp_lies_by_kind(folder: Path) -> None:
    found = list(folder.rglob("strangers/*/*.jpg"))
    assert len(found) == 3
    assert {path.parent.name for path in found} <= set(KINDS)
    assert not list(folder.rglob("*.partial"))


def test_an_interrupted_run_goes_on_and_workers_change_nothing(
    folder: Path, tmp_path: Path
) -> None:
    write_dataset(tmp_path, count=3, strangers=1, seed=7, width=WIDTH)
    (tmp_path / "labels" / ".training-7-96-2.done").unlink()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.jpg")}
    write_dataset(tmp_path, count=8, strangers=3, seed=7, width=WIDTH, workers=2)
    assert contents(tmp_path) == contents(folder)
    kept = [path for path, time in times.items() if path.stat().st_mtime_ns == time]
    assert len(kept) == 3


def test_sets_of_one_seed_keep_apart_in_one_folder(tmp_path: Path) -> None:
    for purpose in Purpose:
        write_dataset(tmp_path, count=2, strangers=1, seed=7, width=WIDTH, purpose=purpose)
    assert len(list(tmp_path.rglob("photos/*.jpg"))) == 4
    assert len(list(tmp_path.rglob("strangers/*/*.jpg"))) == 2


def test_a_photo_depends_on_its_seed_and_number() -> None:
    one, same, other = (draw(*key, width=WIDTH) for key in ((7, 1), (7, 1), (8, 1)))
    assert one.photo.tobytes() == same.photo.tobytes() != other.photo.tobytes()
    assert one.grades == same.grades


def test_a_test_set_is_labelled_rightly_and_by_other_devices() -> None:
    for purpose in Purpose:
        several = [draw(7, number, purpose=purpose, width=32) for number in range(0, 400, 8)]
        assert {drawn.name.device[:9] for drawn in several} == {MAKES[purpose].prefix}
        wrong = [drawn for drawn in several if drawn.labels != drawn.grades]
        assert bool(wrong) == (purpose is Purpose.TRAINING)


def test_lesions_have_the_photos_size_and_only_where_there_is_a_grade() -> None:
    for number in range(6):
        drawn = draw(7, number, purpose=Purpose.TEST, width=WIDTH)
        for condition, mask in drawn.lesions.items():
            assert mask.shape == (drawn.photo.height, drawn.photo.width)
            assert mask.dtype == np.bool_
            assert mask.any() == (drawn.grades[condition] > Severity.NONE)


def test_wanted_drawings_are_of_test_devices_and_no_data_set(tmp_path: Path) -> None:
    drawn = draw_alone(Condition.DANDRUFF, Severity.MILD, 3, width=WIDTH)
    assert drawn.name.device.startswith(MAKES[Purpose.TEST].prefix)
    assert drawn.grades[Condition.DANDRUFF] is Severity.MILD
    again = draw_wanted(drawn.grades, 3, width=WIDTH)
    assert again.photo.tobytes() == drawn.photo.tobytes()
    with pytest.raises(ValueError, match="20261124"):
        write_dataset(tmp_path, count=1, seed=20_261_124)
