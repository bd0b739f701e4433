"""The list of real photographs, and how they are cut and sorted."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.dataset import find_items
from export.data.real_photos import (
    JUDGING,
    TRAINING,
    NoPackages,
    RealPhoto,
    fetch,
    listed,
    opened,
    write_all,
)

pytestmark = pytest.mark.ml


def test_the_list_names_enough_photographs_their_licences_and_each_once() -> None:
    photos = listed()
    assert len({photo.sha256 for photo in photos}) == len(photos)
    assert all(len(photo.sha256) == 64 and photo.licence and photo.kind for photo in photos)
    assert len({photo.source for photo in photos if photo.side == JUDGING}) >= 200
    assert len({photo.source for photo in photos if photo.side == TRAINING}) >= 50


def test_pictures_of_one_thing_lie_on_one_side() -> None:
    sides: dict[str, set[str]] = {}
    for photo in listed():
        sides.setdefault(photo.source, set()).add(photo.side)
    assert all(len(side) == 1 for side in sides.values())
    assert set.union(*sides.values()) == {TRAINING, JUDGING}


def packed_photo(packages: Path, name: str, size: tuple[int, int]) -> RealPhoto:
    """A picture in an unpacked package, and its line of the list."""
    path = packages / "scenery" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(name))
    Image.fromarray(rng.integers(0, 255, (*size[::-1], 3), dtype=np.uint8)).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return RealPhoto("scenery", name, digest, "photograph of a place", Path(name).stem, "CC0-1.0")


def test_large_pictures_are_cut_at_several_scales_and_stay_one_group(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    large = packed_photo(packages, "valley.png", (1400, 1000))
    small = packed_photo(packages, "pond.png", (300, 200))
    told = write_all(tmp_path / "out", [large, small], packages)
    assert told.endswith("0 of 2 pictures were not to be had")
    items = find_items(tmp_path / "out").items
    assert sorted(item.path.stem.split("-")[-1] for item in items) == [
        "half", "quarter", "whole", "whole",
    ]  # fmt: skip
    assert len({item.group for item in items}) == 2
    assert not any(item.grades for item in items)
    with Image.open(items[0].path) as photo:
        assert photo.size == (640, 480)


def test_what_is_not_as_listed_is_left_out(tmp_path: Path) -> None:
    photo = packed_photo(tmp_path, "valley.png", (300, 200))
    other = replace(photo, sha256="0" * 64)
    gone = replace(photo, path="nowhere.png")
    told = write_all(tmp_path / "out", [other, gone], tmp_path)
    assert told.endswith("2 of 2 pictures were not to be had")
    assert not list((tmp_path / "out").rglob("*.jpg"))


def test_what_is_transparent_lies_before_a_wall(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    picture.putpixel((5, 5), (255, 0, 0, 255))
    picture.save(tmp_path / "cut-out.png")
    pixels = np.asarray(opened(tmp_path / "cut-out.png", seed=3))
    assert pixels[5, 5].tolist() == [255, 0, 0]
    assert pixels[0, 0].tolist() == pixels[29, 39].tolist() != [0, 0, 0]


def test_a_machine_without_apt_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoPackages, match="apt-get"):
        fetch(["scenery"], tmp_path)
