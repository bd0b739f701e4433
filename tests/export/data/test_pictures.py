"""Pictures that are the same to the eye are found, and among many only those."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from export.data.fingerprints import fingerprint, fingerprints, picture_hash
from export.data.pictures import near_pairs
from tests.export.data.making import photo, random_picture, write


def test_a_picture_saved_anew_is_found_and_others_are_not() -> None:
    pictures = [picture_hash(photo(seed)) for seed in range(6)]
    anew = [picture_hash(photo(2, quality=60)), picture_hash(photo(4, width=80))]
    assert near_pairs([*pictures, *anew]) == [(2, 6), (4, 7)]


def test_the_bands_miss_no_pair_that_comparing_all_would_find() -> None:
    """Six bits changed anywhere, in a pile of others."""
    rng = np.random.default_rng(5)
    pictures = [random_picture(rng) for _ in range(2000)]
    known = []
    for row in range(100):
        bits = sum(1 << int(bit) for bit in rng.choice(64, 6, replace=False))
        pictures.append(f"{int(pictures[row][:16], 16) ^ bits:016x}{pictures[row][16:]}")
        known.append((row, 2000 + row))
    assert near_pairs(pictures) == known


def test_one_hash_alone_is_not_enough() -> None:
    """Scalps under one microscope share the first hash now and then, never both."""
    rng = np.random.default_rng(5)
    one, other = random_picture(rng), random_picture(rng)
    assert near_pairs([one, one[:16] + other[16:]]) == []


def test_pictures_without_contrast_are_like_nothing() -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 150, 140)).save(file, "PNG")
    assert picture_hash(file.getvalue()) == ""
    assert near_pairs(["", ""]) == []


def test_fingerprints_are_kept_until_the_file_changes(tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": photo(1), "b.jpg": photo(2)})
    paths, cache = [tmp_path / "a.jpg", tmp_path / "b.jpg"], tmp_path / "kept" / "cache.sqlite"
    first = list(fingerprints(paths, cache))
    assert first == [(path, fingerprint(path)) for path in paths]
    state = paths[0].stat()
    paths[0].write_bytes(bytes(state.st_size))  # not looked at: same size and time
    os.utime(paths[0], ns=(state.st_atime_ns, state.st_mtime_ns))
    write(tmp_path, {"b.jpg": photo(3)})
    second = dict(fingerprints(paths, cache))
    assert second[paths[0]] == first[0][1]
    assert second[paths[1]] == fingerprint(paths[1]) != first[1][1]


def test_a_file_that_is_not_there_has_a_fault_and_is_not_kept(tmp_path: Path) -> None:
    path, cache = tmp_path / "a.jpg", tmp_path / "cache.sqlite"
    assert dict(fingerprints([path], cache))[path].fault
    write(tmp_path, {"a.jpg": photo(1)})
    assert not dict(fingerprints([path], cache))[path].fault
