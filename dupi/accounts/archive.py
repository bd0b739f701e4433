"""A ZIP that is written while it is read: documents as JSON and stored objects, little in memory.

Every noun says what it has (``Exporter``): rows of a kind, which become one JSON list, and files.
"""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from dupi.clock import utc_now
from dupi.errors import NotFound

if TYPE_CHECKING:
    from dupi.resources import Resources

_PIECE_BYTES: Final = 256 * 1024

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Documents of one kind, for ``<name>.json``; ``leave_out``: fields that open something."""

    name: str
    rows: Callable[[], AsyncIterator[Row]]
    leave_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An object of the photo storage. One that has gone meanwhile is left out."""

    name: str
    key: str


Part = Rows | StoredFile


class Exporter(Protocol):
    """What one noun has of a person."""

    def __call__(self, resources: "Resources", user_id: str, /) -> AsyncIterator[Part]:
        """Its parts in a stable order; names are the archive's paths, each once."""


async def count_parts(resources: "Resources", user_id: str) -> int:
    return sum([1 for export in resources.exporters async for _ in export(resources, user_id)])


async def zipped(
    resources: "Resources", user_id: str, *, after_part: Callable[[], Awaitable[None]]
) -> AsyncIterator[bytes]:
    """The archive's bytes in pieces. ``after_part`` is called after each part."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for export in resources.exporters:
            async for part in export(resources, user_id):
                async for piece in _written(resources, archive, pipe, part):
                    yield piece
                await after_part()
    yield pipe.drain()


async def _written(
    resources: "Resources", archive: zipfile.ZipFile, pipe: "_Pipe", part: Part
) -> AsyncIterator[bytes]:
    texts = _json_list(part) if isinstance(part, Rows) else _pieces(resources, part)
    first = await anext(texts, None)
    if first is None:
        return
    with archive.open(_entry(part), "w", force_zip64=True) as entry:
        entry.write(first)
        async for text in texts:
            entry.write(text)
            if pipe.size >= _PIECE_BYTES:
                yield pipe.drain()
    yield pipe.drain()


def _entry(part: Part) -> zipfile.ZipInfo:
    is_rows, now = isinstance(part, Rows), utc_now()
    entry = zipfile.ZipInfo(
        f"{part.name}.json" if is_rows else part.name,
        (now.year, now.month, now.day, now.hour, now.minute, now.second),
    )
    entry.compress_type = zipfile.ZIP_DEFLATED if is_rows else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


async def _json_list(part: Rows) -> AsyncIterator[bytes]:
    before = "[\n"
    async for row in part.rows():
        shown = {name: value for name, value in row.items() if name not in part.leave_out}
        text = json.dumps(shown, ensure_ascii=False, indent=1, default=_plain)
        yield (before + text).encode(errors="replace")
        before = ",\n"
    yield b"\n]\n" if before != "[\n" else b"[]\n"


async def _pieces(resources: "Resources", part: StoredFile) -> AsyncIterator[bytes]:
    try:
        size = await resources.storage.size(part.key)
        for start in range(0, size, _PIECE_BYTES):
            length = min(_PIECE_BYTES, size - start)
            yield await resources.storage.get_range(part.key, start, length)
    except NotFound:  # deleted meanwhile
        return


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).isoformat()
    raise TypeError(f"no JSON of {type(value).__name__}")


class _Pipe(io.RawIOBase):
    """What a ZIP is written into, and taken out of before it grows. It cannot go back, so sizes
    follow each entry."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def drain(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        self.size = 0
        return data
