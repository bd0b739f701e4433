"""Packs: mapped, whole or not there, each photo decoded once for a size."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.data import packing
from export.data.dataset import Sources, gather, packed_splits
from export.data.items import (
    CONSENTED,
    NO_GRADE,
    STRANGERS,
    Item,
    Split,
    data_digest,
    split_digest,
)
from export.data.packing import forget_withdrawn, model_input, pack, pack_photos
from export.data.real_photos import JUDGING, KIND, TRAINING, listed, side_of
from export.data.splits import SplitBy, split_items
from tests.export.data.making import photo, stem, whole, write

SIZE = 24
COUNT = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos")
    for number in range(COUNT):
        write(path, whole(stem(number, device=number), number))
    return write(path, {"strangers/fur/1.jpg": photo(COUNT)})


@pytest.fixture(scope="module")
def items(folder: Path) -> list[Item]:
    return list(gather(folder).items)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Photos that were decoded, in turn; the real thing decodes them."""
    seen: list[Path] = []

    def remember(path: Path, size: int) -> packing.Photos:
        seen.append(path)
        return model_input(path, size)

    monkeypatch.setattr(packing, "model_input", remember)
    return seen


def test_packing_keeps_pixels_grades_and_what_is_known(folder: Path, tmp_path: Path) -> None:
    packed = packed_splits(folder, tmp_path, SIZE)
    found = gather(folder)
    for split, items in split_items(found.items).items():
        assert len(packed[split]) == len(items)
        assert packed[split].data_sha256 == data_digest(found.items)
        for row, known in enumerate(items):
            assert np.array_equal(packed[split].photos[row], model_input(known.path, SIZE))
            assert packed[split].grades[row].tolist() == list(known.grades or (NO_GRADE,) * 6)
            assert packed[split].groups[row] == known.group
            assert packed[split].devices[row] == known.device
            assert packed[split].sites[row] == (known.site or "")
            assert packed[split].ages[row] == (known.age or "")
            assert packed[split].genders[row] == (known.gender or "")
            assert packed[split].sources[row] == known.source


def test_photos_are_mapped_into_memory_not_read_into_it(items: list[Item], tmp_path: Path) -> None:
    photos = pack_photos(items, SIZE, tmp_path)
    assert isinstance(photos, np.memmap)
    assert np.array_equal(photos[[7, 3]], pack([items[7], items[3]], SIZE).photos)


def test_a_photo_is_decoded_once_for_a_size(
    items: list[Item], tmp_path: Path, decoded: list[Path]
) -> None:
    pack_photos(items[:100], SIZE, tmp_path)
    pack_photos(items[:100], SIZE, tmp_path)
    assert len(decoded) == 100
    again = pack_photos(items[::-1], SIZE, tmp_path)
    assert len(decoded) == len(items)
    assert np.array_equal(again, pack(items[::-1], SIZE).photos)


def test_a_run_that_was_cut_off_goes_on(
    items: list[Item], tmp_path: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = items[140]

    def fail(path: Path, size: int) -> packing.Photos:
        if path == broken.path:
            raise OSError("the disk is away")
        return remember(path, size)

    remember = packing.model_input
    with monkeypatch.context() as cut, pytest.raises(OSError, match="the disk is away"):
        cut.setattr(packing, "model_input", fail)
        pack_photos(items, SIZE, tmp_path)
    assert not list(tmp_path.rglob("*.npy"))
    [partial] = [path.stat() for path in tmp_path.rglob("*.partial")]
    assert partial.st_blocks * 512 >= partial.st_size, "room is taken before it is written to"
    decoded.clear()
    photos = pack_photos(items, SIZE, tmp_path)
    assert items[0].path not in decoded, "the first blocks are done"
    assert np.array_equal(photos, pack(items, SIZE).photos)
    assert not list(tmp_path.rglob("*.partial"))


def test_of_two_that_want_the_same_one_packs(
    items: list[Item], tmp_path: Path, decoded: list[Path]
) -> None:
    with ThreadPoolExecutor(2) as both:
        one, other = both.map(lambda _: pack_photos(items, SIZE, tmp_path), range(2))
    assert len(decoded) == len(items)
    assert np.array_equal(one, other)


def test_a_corrected_label_needs_no_packing(
    items: list[Item], tmp_path: Path, decoded: list[Path]
) -> None:
    pack(items, SIZE, tmp_path)
    decoded.clear()
    corrected = [replace(item, grades=(3,) * 6) for item in items]
    assert (pack(corrected, SIZE, tmp_path).grades == 3).all()
    assert not decoded


def test_packs_of_a_withdrawn_consent_are_removed(items: list[Item], tmp_path: Path) -> None:
    theirs = [replace(item, source=CONSENTED) for item in items[:2]]
    pack_photos([*theirs, *items[2:10]], SIZE, tmp_path)
    pack_photos(items[2:10], SIZE, tmp_path)
    assert forget_withdrawn(tmp_path, {item.digest for item in theirs}) == []
    assert len(forget_withdrawn(tmp_path, {theirs[0].digest})) == 1
    assert len(list(tmp_path.rglob("*.npy"))) == 1


def test_they_are_removed_too_when_none_are_read_any_more(folder: Path, tmp_path: Path) -> None:
    """Regression: a command without the option left the packs of people who had withdrawn."""
    theirs = [replace(item, source=CONSENTED) for item in gather(folder).items[:2]]
    pack_photos(theirs, SIZE, tmp_path)
    [kept] = tmp_path.rglob("*.npy")
    packed_splits(folder, tmp_path, SIZE)
    assert not kept.exists()


def test_splits_are_told_by_grades_and_sides(items: list[Item]) -> None:
    one, *others = items
    parts = {Split.TRAINING: [one], Split.TEST: others}
    found = split_digest(parts)
    assert found == split_digest({Split.TEST: others[::-1], Split.TRAINING: [one]})
    labelled = {**parts, Split.TRAINING: [replace(one, grades=(3,) * 6)]}
    moved = {Split.VALIDATION: [one], Split.TEST: others}
    assert len({found, split_digest(labelled), split_digest(moved)}) == 3


def test_every_part_says_how_all_were_split(folder: Path, tmp_path: Path) -> None:
    by_session = packed_splits(folder, tmp_path, SIZE)
    by_device = packed_splits(folder, tmp_path, SIZE, SplitBy.DEVICE)
    assert {part.split_by for part in by_device.values()} == {"device"}
    hashes = [{part.split_sha256 for part in parts.values()} for parts in (by_session, by_device)]
    assert list(map(len, hashes)) == [1, 1]
    assert hashes[0] != hashes[1]
    assert all(by_session.values())


@pytest.mark.parametrize("side", [JUDGING, TRAINING])
def test_photographs_to_judge_by_are_refused(tmp_path: Path, side: str) -> None:
    """Regression: of two that share a picture and a group's name, only that name was looked at."""
    place = f"{STRANGERS}/{KIND}a place"
    source = next(one.source for one in listed() if one.side == side)
    first = next(name for n in range(99) if side_of(name := f"aa{n}") == TRAINING)
    names = (f"{place}/{name}-whole.jpg" for name in (f"{first}__1", f"{source}__2"))
    both = dict(zip(names, (photo(7), photo(7, width=120)), strict=True))
    assert len({one.group for one in gather(write(tmp_path / "data", both)).items}) == 1
    if side == TRAINING:
        packed_splits(tmp_path / "data", tmp_path / "packed", SIZE)
        return
    with pytest.raises(ValueError, match=f"{source} is a photograph to judge by"):
        packed_splits(tmp_path / "data", tmp_path / "packed", SIZE)


def test_nothing_can_be_packed(tmp_path: Path) -> None:
    assert pack([], SIZE, tmp_path).photos.shape == (0, SIZE, SIZE, 3)
    with pytest.raises(FileNotFoundError):
        packed_splits(Sources(aihub=(tmp_path / "nowhere",)), tmp_path, SIZE)
