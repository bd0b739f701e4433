"""Files that are written piece by piece, and appear whole."""

import os
from pathlib import Path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def finish(unfinished: Path, path: Path) -> int:
    """Let it appear under its name; its size."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with unfinished.open("ab") as file:  # nothing at all may have come
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path.stat().st_size


def size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
