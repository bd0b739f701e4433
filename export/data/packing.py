"""Packs photos at a size into files that are mapped into memory, not read into it.

A pack is one .npy file of uint8 [n, S, S, 3], named by its size and its photos' digests, with a
list of the digests beside it. Rows that an earlier pack of the same size holds are copied, so
each photo is decoded once for a size. A pack is written under another name and renamed when it
is whole; a run that was cut off goes on where it was. Grades are not packed: they are read anew
each time, so that a corrected label needs no packing.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track

from dupi.knowledge.vocabulary import Condition
from export.data.items import CONSENTED, NO_GRADE, Item, Packed

_BLOCK: Final = 64
Photos = NDArray[np.uint8]


def model_input(path: Path, size: int) -> Photos:
    """The whole frame squeezed to a square, as serving does it: Pillow, bicubic, RGB."""
    with Image.open(path) as photo:
        square = photo.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square)


def pack(
    items: Sequence[Item], size: int, cache: Path | None = None, data_sha256: str = ""
) -> Packed:
    """``photos`` is a memory map below ``cache``, and lies in memory where that is None."""
    grades = np.full((len(items), len(Condition)), NO_GRADE, np.int64)
    for row, item in enumerate(items):
        if item.grades:
            grades[row] = item.grades
    return Packed(
        photos=_in_memory(items, size) if cache is None else pack_photos(items, size, cache),
        grades=grades,
        groups=np.array([item.group for item in items], np.str_),
        devices=np.array([item.device for item in items], np.str_),
        sites=np.array([item.site or "" for item in items], np.str_),
        ages=np.array([item.age or "" for item in items], np.str_),
        genders=np.array([item.gender or "" for item in items], np.str_),
        sources=np.array([item.source for item in items], np.str_),
        data_sha256=data_sha256,
    )


def _in_memory(items: Sequence[Item], size: int) -> Photos:
    photos = np.empty((len(items), size, size, 3), np.uint8)
    for row, item in enumerate(track(items, "packing photos")):
        photos[row] = model_input(item.path, size)
    return photos


def pack_photos(items: Sequence[Item], size: int, cache: Path) -> Photos:
    """Photos of ``items`` in their order, mapped read-only: [n, size, size, 3]."""
    if not items:
        return np.empty((0, size, size, 3), np.uint8)
    digests = [item.digest for item in items]
    path = cache / str(size) / f"{hashlib.sha256(''.join(digests).encode()).hexdigest()[:24]}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.with_suffix(".lock")):
        if not path.exists():
            _list_file(path).write_text(json.dumps(_listed(items)), encoding="ascii")
            _write(items, size, path)
            path.with_suffix(".partial").replace(path)
            path.with_suffix(".done").unlink()
    photos: Photos = np.load(path, mmap_mode="r")
    return photos


def _listed(items: Sequence[Item]) -> dict[str, list[str]]:
    """What lies in a pack, row by row, and which of it is there by a person's consent."""
    return {
        "digests": [item.digest for item in items],
        "consented": [item.digest for item in items if item.source == CONSENTED],
    }


def _list_file(path: Path) -> Path:
    return path.with_suffix(".json")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process packs; another one that wants the same waits, and finds it done."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(items: Sequence[Item], size: int, path: Path) -> None:
    """Block by block into the partial file; a block is marked once it is on the disk."""
    photos, done = _opened(path, (len(items), size, size, 3))
    earlier = _earlier_rows(path, {item.digest for item in items})
    starts = [start for start in range(0, len(items), _BLOCK) if not done[start // _BLOCK]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in track(starts, f"packing photos at {size} px"):
            block = items[start : start + _BLOCK]
            for row, photo in enumerate(pool.map(lambda one: _photo(one, size, earlier), block)):
                photos[start + row] = photo
            photos.flush()
            done[start // _BLOCK] = True
            done.flush()


def _opened(path: Path, shape: tuple[int, ...]) -> tuple[np.memmap, np.memmap]:
    """The partial file and its marks: those of a run that was cut off, or new ones."""
    partial, marks = path.with_suffix(".partial"), path.with_suffix(".done")
    blocks = -(-shape[0] // _BLOCK)
    if partial.exists() and marks.exists() and marks.stat().st_size == blocks:
        photos = np.lib.format.open_memmap(partial, "r+")
    else:
        marks.unlink(missing_ok=True)
        photos = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        _take_room(partial)
        marks.write_bytes(bytes(blocks))
    return photos, np.memmap(marks, np.bool_, "r+")


def _take_room(file: Path) -> None:
    """All of it now, so that a full disk is an error: later it would kill the process that writes
    to the map. Raises OSError."""
    with file.open("r+b") as opened:
        os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)


def _earlier_rows(path: Path, wanted: set[str]) -> dict[str, tuple[Photos, int]]:
    """Where packs of the same size hold the wanted photos: pack and row, by digest."""
    rows: dict[str, tuple[Photos, int]] = {}
    for pack_file in sorted(path.parent.glob("*.npy")):
        with suppress(OSError, ValueError):  # one that is being removed, or is not whole
            listed = json.loads(_list_file(pack_file).read_text(encoding="ascii"))
            photos: Photos = np.load(pack_file, mmap_mode="r")
            rows |= {d: (photos, row) for row, d in enumerate(listed["digests"]) if d in wanted}
    return rows


def _photo(item: Item, size: int, earlier: dict[str, tuple[Photos, int]]) -> Photos:
    if item.digest in earlier:
        photos, row = earlier[item.digest]
        return photos[row]
    return model_input(item.path, size)


def forget_withdrawn(cache: Path, consented: Collection[str]) -> list[Path]:
    """Remove packs that hold a photo whose consent has ended: it is not among the digests of
    ``consented`` any more. What they hold besides is packed anew when it is wanted."""
    removed = []
    for listed in sorted(cache.glob("*/*.json")):
        if set(json.loads(listed.read_text(encoding="ascii"))["consented"]) - set(consented):
            for ending in (".npy", ".partial", ".done", ".json"):
                listed.with_suffix(ending).unlink(missing_ok=True)
            removed.append(listed.with_suffix(".npy"))
    return removed
