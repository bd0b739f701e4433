"""Objects that come and go in pieces: whole or not at all, in a folder and in a bucket alike."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dupi.adapters.storage import PhotoStorage
from dupi.errors import NotFound
from tests.adapters.test_storage import storage

__all__ = ["storage"]

KEY = "exports/owner-1/export-1/archive.zip"
MIB = 2**20


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for piece in data:
        await asyncio.sleep(0)
        yield piece


@pytest.mark.parametrize("data", [[], [b""], [b"one"], [b"a" * MIB, b"b" * 11 * MIB, b"c"]])
async def test_what_came_in_pieces_comes_back(storage: PhotoStorage, data: list[bytes]) -> None:
    whole = b"".join(data)
    assert await storage.put_stream(KEY, pieces(*data)) == len(whole)
    assert await storage.size(KEY) == len(whole)
    assert await storage.get(KEY) == whole


async def test_parts_are_read(storage: PhotoStorage) -> None:
    await storage.put(KEY, b"0123456789")
    assert await storage.get_range(KEY, 0, 4) == b"0123"
    assert await storage.get_range(KEY, 4, 6) == b"456789"


async def test_what_is_not_there_has_no_size_and_no_parts(storage: PhotoStorage) -> None:
    with pytest.raises(NotFound):
        await storage.size(KEY)
    with pytest.raises(NotFound):
        await storage.get_range(KEY, 0, 4)
    for key in ("../x", "exports//x", ""):
        with pytest.raises(NotFound):
            await storage.put_stream(key, pieces(b"x"))


async def broken() -> AsyncIterator[bytes]:
    yield b"x" * 6 * MIB
    raise RuntimeError("the source broke")


async def test_a_source_that_breaks_leaves_nothing(storage: PhotoStorage, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        await storage.put_stream(KEY, broken())
    with pytest.raises(NotFound):
        await storage.get(KEY)
    assert await storage.list_keys("exports", at_most=10) == []


async def test_a_source_that_breaks_leaves_what_was_there(storage: PhotoStorage) -> None:
    await storage.put(KEY, b"before")
    with pytest.raises(RuntimeError):
        await storage.put_stream(KEY, broken())
    assert await storage.get(KEY) == b"before"


async def test_one_that_is_cancelled_leaves_nothing(storage: PhotoStorage) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        begun.set()
        await asyncio.Event().wait()

    work = asyncio.create_task(storage.put_stream(KEY, endless()))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await storage.list_keys("exports", at_most=10) == []


def unfinished(folder: Path) -> list[Path]:
    return [path for path in (folder / "objects").rglob("*") if path.is_file()]


async def test_a_folder_keeps_no_half_of_it(tmp_path: Path) -> None:
    from dupi.adapters.storage import FolderStorage

    folder = FolderStorage.at(str(tmp_path / "objects"), timeout_seconds=5)
    with pytest.raises(RuntimeError):
        await folder.put_stream(KEY, broken())
    assert unfinished(tmp_path) == []
    folder.close()
