from pathlib import Path

import numpy as np
import pytest

from dupi.knowledge.labels import ENCODING, PhotoName, parse_grades, parse_metadata
from export.data.dataset import (
    Item,
    Split,
    find_items,
    model_input,
    packed_splits,
    refuse_leaks,
    split_items,
)
from export.data.drawing.strangers import KINDS
from export.data.synthetic import draw, write_dataset, write_record


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


def test_everything_is_found_once(folder: Path, tmp_path: Path) -> None:
    photo = next(folder.rglob("photos/*_TH.jpg"))
    label = folder / "labels" / f"{photo.stem}.json"
    (tmp_path / "탈모" / "양호").mkdir(parents=True)
    (tmp_path / "비듬").mkdir()
    for place in (tmp_path / "탈모" / "양호" / photo.name, tmp_path / "비듬" / photo.name):
        place.write_bytes(photo.read_bytes())
    (tmp_path / "비듬" / label.name).write_bytes(label.read_bytes())
    copy = photo.stem.replace("_2_TH", "_6_BH")
    (tmp_path / "비듬" / f"{copy}.jpg").write_bytes(photo.read_bytes())
    (tmp_path / "비듬" / "0001_D_1_2_TH.jpg").write_bytes(b"no label")
    found = find_items(tmp_path)
    assert [item.path.stem for item in found.items] == [photo.stem]
    assert (found.repeated_names, found.without_label) == (1, 1)
    assert found.repeated_contents == 1


def test_a_wrong_label_is_refused_with_its_name(folder: Path, tmp_path: Path) -> None:
    photo = next(folder.rglob("photos/*.jpg"))
    (tmp_path / photo.name).write_bytes(photo.read_bytes())
    write_record(tmp_path / f"{photo.stem}.json", {"value_1": "9"})
    with pytest.raises(ValueError, match=f"{photo.stem}.json"):
        find_items(tmp_path)
    assert ENCODING == "utf-8-sig"


def item(number: int, *, group: str, device: str = "d", digest: str | None = None) -> Item:
    return Item(Path(f"{number}.jpg"), group, device, (0,) * 6, digest or str(number))


def test_a_session_never_lies_on_two_sides() -> None:
    items = [item(n, group=f"session-{n // 4}", device=f"device-{n // 40}") for n in range(400)]
    for by_device in (False, True):
        parts = split_items(items, by_device=by_device)
        assert sum(map(len, parts.values())) == 400
        kinds = [{(i.device if by_device else i.group) for i in part} for part in parts.values()]
        assert not kinds[0] & kinds[1]
        assert not kinds[0] & kinds[2]
        assert not kinds[1] & kinds[2]
    assert len(parts[Split.TRAINING]) > 200


@pytest.mark.parametrize("kind", ["group", "digest"])
def test_leaks_are_refused(kind: str) -> None:
    same = {"group": "a", "digest": "x"}
    one = item(1, group="a", digest="x" if kind == "digest" else None)
    other = item(2, group="a" if kind == "group" else "b", digest=same["digest"] * 2)
    if kind == "digest":
        other = item(2, group="b", digest="x")
    with pytest.raises(ValueError, match=f"its {kind} lies in two splits"):
        refuse_leaks({Split.TRAINING: [one], Split.CALIBRATION: [], Split.TEST: [other]})


def test_packing_keeps_pixels_and_grades(folder: Path, tmp_path: Path) -> None:
    packed = packed_splits(folder, tmp_path, 32)
    again = packed_splits(folder, tmp_path, 32)
    for split, items in split_items(find_items(folder).items).items():
        assert len(packed[split]) == len(items)
        assert np.array_equal(packed[split].photos, again[split].photos)
        for row, known in enumerate(items):
            assert np.array_equal(packed[split].photos[row], model_input(known.path, 32))
            assert packed[split].grades[row].tolist() == list(known.grades or (-1,) * 6)
