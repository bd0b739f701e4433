"""Where photos and overlays lie: objects by key, bytes in and out.

Keys are relative paths of plain segments: ``photos/<owner>/<photo>/original.jpg``.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from dupi.errors import NotFound, Unavailable

T = TypeVar("T")

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


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

    def __init__(self, folder: Path, *, timeout_seconds: float) -> None:
        self._folder = folder
        self._timeout_seconds = timeout_seconds

    @classmethod
    def at(cls, url: str, *, timeout_seconds: float) -> "FolderStorage":
        """``url``: ``file:///path`` or a path. The folder is made where it is missing."""
        parts = urlsplit(url)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise ValueError(f"storage url {url!r} is no folder: give file:///path or a path")
        folder = Path(unquote(parts.path)).absolute()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(folder, timeout_seconds=timeout_seconds)

    async def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        await self._run(lambda: _write_atomically(path, data))

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        try:
            return await self._run(path.read_bytes)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as missing:
            raise NotFound(f"no object {key}") from missing

    async def delete(self, key: str) -> None:
        path = self._path(key)
        await self._run(lambda: _remove(path))

    async def delete_prefix(self, prefix: str) -> None:
        path = self._path(prefix)
        await self._run(lambda: _remove(path))

    def _path(self, key: str) -> Path:
        """Refuse what is no plain key, so that no key leads out of the folder."""
        segments = key.split("/")
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            raise NotFound(f"no object {key!r}")
        return self._folder.joinpath(*segments)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.to_thread(work)
        except TimeoutError as slow:
            raise Unavailable("the photo storage does not answer", reason="storage") from slow
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise
        except OSError as failure:
            raise Unavailable(f"the photo storage fails: {failure}", reason="storage") from failure


def _write_atomically(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=False)
    else:
        path.unlink(missing_ok=True)
