"""Where photos and overlays lie: objects by key, bytes in and out.

Keys are relative paths of plain segments: ``photos/<owner>/<photo>/original.jpg``.
"""

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from dupi.adapters.streamed_files import append, finish, size_of
from dupi.bounded_pool import BoundedPool
from dupi.concurrency import not_cut_off
from dupi.errors import NotFound, Unavailable

T = TypeVar("T")

STORAGE: Final = "photo storage"
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_WORKERS: Final = 4
_QUEUE: Final = 256
_REMOVALS: Final = 5
_UNFINISHED: Final = ".new"
"""Folder of files that are being written; no key leads there."""
_STALE_S: Final = 3600.0
"""Nobody writes one file for that long: its writer was killed."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """``modified_at`` is in UTC, by the storage's own clock."""

    key: str
    modified_at: datetime


class PhotoStorage(Protocol):
    """Every call raises Unavailable when the storage is away, slow or full."""

    async def put(self, key: str, data: bytes) -> None:
        """Store ``data``; whoever reads sees all of it or what was there before. Ends once it is
        stored or not, also where the caller is cancelled."""

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store what comes, however much it is, and hold little of it; its size. Where ``chunks``
        raises or the caller is cancelled, nothing is stored."""

    async def get(self, key: str) -> bytes:
        """Raises NotFound."""

    async def size(self, key: str) -> int:
        """In bytes. Raises NotFound."""

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        """Raises NotFound."""

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object below ``prefix``, a path of whole segments (no closing slash)."""

    async def list_keys(
        self, prefix: str, *, after: str | None = None, at_most: int
    ) -> Sequence[StoredObject]:
        """The first ``at_most`` objects below ``prefix`` whose keys come after ``after``, in the
        order of their keys (by code point)."""

    async def check(self) -> None:
        """Raises Unavailable where the storage cannot be used."""

    async def tidy(self) -> None:
        """Remove what writers that were killed left."""

    def close(self) -> None: ...


def segments_of(key: str) -> list[str]:
    """Raises NotFound for what is no plain key, so that no key leads out of the storage."""
    segments = key.split("/")
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise NotFound(f"no object {key!r}")
    return segments


class FolderStorage:
    """Objects as files below one folder."""

    def __init__(self, folder: Path, pool: BoundedPool) -> None:
        self._folder = folder
        self._unfinished = folder / _UNFINISHED
        self._pool = pool

    @classmethod
    def at(cls, url: str, *, timeout_seconds: float) -> "FolderStorage":
        """``url``: ``file:///path`` or a path. The folder is made where it is missing, and rid of
        what writers that were killed left."""
        parts = urlsplit(url)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise ValueError(f"storage url {url!r} is no folder: give file:///path or a path")
        folder = Path(unquote(parts.path)).absolute()
        (folder / _UNFINISHED).mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_stale(folder / _UNFINISHED)
        pool = BoundedPool(STORAGE, workers=_WORKERS, queue=_QUEUE, timeout_seconds=timeout_seconds)
        return cls(folder, pool)

    async def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        await not_cut_off(self._run(lambda: _write_atomically(path, data, self._unfinished)))

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        path, unfinished = self._path(key), self._unfinished / f"stream-{secrets.token_hex(8)}"
        try:
            async for chunk in chunks:
                await not_cut_off(self._run(partial(append, unfinished, chunk)))
            return await not_cut_off(self._run(lambda: finish(unfinished, path)))
        except BaseException:
            with suppress(Unavailable):
                await not_cut_off(self._run(lambda: _unlink(unfinished)))
            raise

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        return _found(key, await self._run(lambda: _read(path)))

    async def size(self, key: str) -> int:
        path = self._path(key)
        return _found(key, await self._run(lambda: size_of(path)))

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        path = self._path(key)
        return _found(key, await self._run(lambda: _read(path, start, length)))

    async def delete(self, key: str) -> None:
        path = self._path(key)
        await self._run(lambda: _unlink(path))

    async def delete_prefix(self, prefix: str) -> None:
        path = self._path(prefix)
        await self._run(lambda: _remove(path))

    async def list_keys(
        self, prefix: str, *, after: str | None = None, at_most: int
    ) -> Sequence[StoredObject]:
        path = self._path(prefix)
        found = _objects_below(path, f"{prefix}/", after or "")
        return await self._run(lambda: list(islice(found, at_most)))

    async def tidy(self) -> None:
        await self._run(lambda: _remove_stale(self._unfinished))

    async def check(self) -> None:
        await self._run(lambda: os.scandir(self._folder).close())

    def close(self) -> None:
        self._pool.close()

    def _path(self, key: str) -> Path:
        return self._folder.joinpath(*segments_of(key))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await self._pool.run(work)
        except OSError as failure:
            raise Unavailable(f"the photo storage fails: {failure}", reason=STORAGE) from failure


def _found(key: str, value: T | None) -> T:
    if value is None:
        raise NotFound(f"no object {key}")
    return value


def _read(path: Path, start: int = 0, length: int = -1) -> bytes | None:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(length)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _write_atomically(path: Path, data: bytes, unfinished: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=unfinished, delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _unlink(path: Path) -> None:
    with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
        path.unlink()


def _remove(path: Path) -> None:
    """Again where something was put into the folder meanwhile."""
    for _ in range(_REMOVALS):
        shutil.rmtree(path, ignore_errors=True)
        if not path.is_dir():
            break
    else:
        raise OSError(f"{path.name} fills faster than it is emptied")
    _unlink(path)


def _remove_stale(unfinished: Path) -> None:
    """Another process may be writing here: what is young stays."""
    for file in unfinished.iterdir():
        with suppress(OSError):
            if file.stat().st_mtime < time.time() - _STALE_S:
                file.unlink()


def _objects_below(folder: Path, prefix: str, after: str) -> Iterator[StoredObject]:
    """In the order of keys: a folder sorts as its name with a slash, as its keys do. What goes
    away meanwhile is left out."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        found = [one for one in entries if _SEGMENT.fullmatch(one.name)]
        keys = {f"{prefix}{one.name}{'/' if one.is_dir() else ''}": one for one in found}
        for key in sorted(keys):
            if key.endswith("/") and (key > after or after.startswith(key)):
                yield from _objects_below(Path(keys[key].path), key, after)
            elif not key.endswith("/") and key > after:
                with suppress(FileNotFoundError):
                    modified = keys[key].stat().st_mtime
                    yield StoredObject(key, datetime.fromtimestamp(modified, UTC))
