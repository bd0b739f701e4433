"""Where photos and overlays lie: objects by key, bytes in and out.

Keys are relative paths of plain segments: ``photos/<owner>/<photo>/original.jpg``.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from dupi.bounded_pool import BoundedPool
from dupi.errors import NotFound, Unavailable

T = TypeVar("T")

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_NAME: Final = "photo storage"
_WORKERS: Final = 4
_QUEUE: Final = 256
_REMOVALS: Final = 5


class PhotoStorage(Protocol):
    """Every call raises Unavailable when the storage is away or slow."""

    async def put(self, key: str, data: bytes) -> None:
        """Store ``data``; whoever reads sees all of it or what was there before."""

    async def get(self, key: str) -> bytes:
        """Raises NotFound."""

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object below ``prefix``, a path of whole segments (no closing slash)."""


class FolderStorage:
    """Objects as files below one folder."""

    def __init__(self, folder: Path, pool: BoundedPool) -> None:
        self._folder = folder
        self._pool = pool

    @classmethod
    def at(cls, url: str, *, timeout_seconds: float) -> "FolderStorage":
        """``url``: ``file:///path`` or a path. The folder is made where it is missing."""
        parts = urlsplit(url)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise ValueError(f"storage url {url!r} is no folder: give file:///path or a path")
        folder = Path(unquote(parts.path)).absolute()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pool = BoundedPool(_NAME, workers=_WORKERS, queue=_QUEUE, timeout_seconds=timeout_seconds)
        return cls(folder, pool)

    async def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        await self._run(lambda: _write_atomically(path, data))

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        data = await self._run(lambda: _read(path))
        if data is None:
            raise NotFound(f"no object {key}")
        return data

    async def delete(self, key: str) -> None:
        path = self._path(key)
        await self._run(lambda: _remove(path))

    async def delete_prefix(self, prefix: str) -> None:
        path = self._path(prefix)
        await self._run(lambda: _remove(path))

    def close(self) -> None:
        self._pool.close()

    def _path(self, key: str) -> Path:
        """Refuse what is no plain key, so that no key leads out of the folder."""
        segments = key.split("/")
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            raise NotFound(f"no object {key!r}")
        return self._folder.joinpath(*segments)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await self._pool.run(work)
        except OSError as failure:
            raise Unavailable(f"the photo storage fails: {failure}", reason=_NAME) from failure


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _write_atomically(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _remove(path: Path) -> None:
    """Again where something was put into the folder meanwhile."""
    for _ in range(_REMOVALS):
        shutil.rmtree(path, ignore_errors=True)
        if not path.is_dir():
            break
    else:
        raise OSError(f"{path.name} fills faster than it is emptied")
    path.unlink(missing_ok=True)
