"""What is known of a picture's file without its labels: its hash, its perceptual hash, its faults.

Files are read and decoded in threads (Pillow and hashlib let go of the interpreter's lock), never
more than a few at once; answers are kept by path, size and time of change, so that a second look
at 100,000 photos takes seconds.
"""

import hashlib
import io
import os
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import astuple, dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import imagehash
import numpy as np
from PIL import Image

COARSE, FINE = 8, 16
"""Sides of the two perceptual hashes: 64 bits by which pictures are found, 256 that confirm it."""
_FLAT: Final = 2.0
"""Standard deviation (of 255) below which a picture's perceptual hash would be of its noise."""
_AHEAD: Final = 4
_KEPT_AT_ONCE: Final = 100
"""Few, for another process that keeps something waits until they are written."""
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS fingerprints (path TEXT PRIMARY KEY, size INTEGER, changed INTEGER,"
    " digest TEXT, picture TEXT, fault TEXT)"
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``digest``: sha256 of the file. ``picture``: both perceptual hashes, 80 hex digits; empty
    for a picture without contrast. ``fault``: why it cannot be decoded whole; empty if it can."""

    digest: str
    picture: str
    fault: str = ""


def fingerprint(path: Path) -> Fingerprint:
    try:
        content = path.read_bytes()
    except OSError as failure:
        return Fingerprint("", "", f"cannot be read: {failure.strerror}")
    digest = hashlib.sha256(content).hexdigest()
    try:
        return Fingerprint(digest, picture_hash(content))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as failure:
        return Fingerprint(digest, "", f"cannot be decoded: {failure}")


def picture_hash(content: bytes) -> str:
    """Decodes the whole file, so that a truncated one is found out. Raises what Pillow raises."""
    with Image.open(io.BytesIO(content)) as picture:
        small = (
            picture.convert("RGB").convert("L").resize((4 * FINE,) * 2, Image.Resampling.LANCZOS)
        )
    if np.asarray(small).std() < _FLAT:
        return ""
    return f"{imagehash.phash(small, COARSE)}{imagehash.phash(small, FINE)}"


def fingerprints(
    paths: Iterable[Path], cache: Path | None = None, workers: int | None = None
) -> Iterator[tuple[Path, Fingerprint]]:
    """Of each path in turn; ``cache`` is a file that keeps them between runs."""
    with closing(_Kept(cache)) as kept, ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        paths, under_way = iter(paths), deque[tuple[Path, Fingerprint | Future[Fingerprint]]]()
        ahead = _AHEAD * (workers or os.cpu_count() or 1)
        while True:
            for path in islice(paths, ahead - len(under_way)):
                under_way.append((path, kept.find(path) or pool.submit(fingerprint, path)))
            if not under_way:
                return
            path, found = under_way.popleft()
            if isinstance(found, Future):
                found = found.result()
                kept.keep(path, found)
            yield path, found


class _Kept:
    """Fingerprints by path; good for as long as the file's size and time of change stay."""

    def __init__(self, file: Path | None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        self._rows = sqlite3.connect(file or ":memory:", timeout=60)
        self._rows.execute(_TABLE)
        self._new = 0

    def find(self, path: Path) -> Fingerprint | None:
        query = "SELECT size, changed, digest, picture, fault FROM fingerprints WHERE path = ?"
        row = self._rows.execute(query, (_name(path),)).fetchone()
        return Fingerprint(*row[2:]) if row and row[:2] == _state(path) else None

    def keep(self, path: Path, found: Fingerprint) -> None:
        if not found.digest:
            return
        row = (_name(path), *_state(path), *astuple(found))
        self._rows.execute("INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?, ?, ?)", row)
        self._new += 1
        if self._new % _KEPT_AT_ONCE == 0:
            self._rows.commit()

    def close(self) -> None:
        self._rows.commit()
        self._rows.close()


def _name(path: Path) -> str:
    return os.fsdecode(path.absolute())


def _state(path: Path) -> tuple[int, int]:
    """Size and time of change; of a file that has gone, one that no file has."""
    try:
        found = path.stat()
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns
