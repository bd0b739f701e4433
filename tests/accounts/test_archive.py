"""A ZIP that is written while it is read holds little of it in memory."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from dupi.accounts.archive import Part, Rows, StoredFile, zipped
from dupi.resources import Resources

MIB = 2**20


async def nothing() -> None:
    pass


async def test_pieces_are_small_however_large_the_archive_is(resources: Resources) -> None:
    """Forty megabytes of a photo and as much text pass in pieces of a fraction of one."""
    key = "photos/somebody/large/original.jpg"
    await resources.storage.put(key, bytes(range(256)) * (40 * MIB // 256))

    async def rows() -> AsyncIterator[dict[str, Any]]:
        for number in range(4000):
            yield {"_id": f"{number}", "text": f"{number} 두피 " * 1000}

    async def large(_: Resources, __: str) -> AsyncIterator[Part]:
        yield Rows("rows", rows)
        yield StoredFile("large.jpg", key)

    pieces = zipped(replace(resources, exporters=(large,)), "x", after_part=nothing)
    sizes, whole = [], io.BytesIO()
    async for piece in pieces:
        sizes.append(len(piece))
        whole.write(piece)
    assert max(sizes) < MIB
    archive = zipfile.ZipFile(whole)
    assert archive.testzip() is None
    assert len(archive.read("large.jpg")) == 40 * MIB
    await resources.storage.delete_prefix("photos/somebody")


async def test_no_rows_are_an_empty_list(resources: Resources) -> None:
    async def rows() -> AsyncIterator[dict[str, Any]]:
        return
        yield

    async def empty(_: Resources, __: str) -> AsyncIterator[Part]:
        yield Rows("empty", rows)

    pieces = zipped(replace(resources, exporters=(empty,)), "x", after_part=nothing)
    archive = zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in pieces])))
    assert archive.read("empty.json").strip() == b"[]"


async def test_half_characters_and_odd_texts_are_written(resources: Resources) -> None:
    async def rows() -> AsyncIterator[dict[str, Any]]:
        yield {"_id": "1", "text": '\ud800 \x00 "quoted" 한글'}

    async def odd(_: Resources, __: str) -> AsyncIterator[Part]:
        yield Rows("odd", rows)

    pieces = zipped(replace(resources, exporters=(odd,)), "x", after_part=nothing)
    archive = zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in pieces])))
    assert "한글" in archive.read("odd.json").decode()
