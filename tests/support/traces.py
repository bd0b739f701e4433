"""What the whole store and the whole photo folder still say of a person."""

from collections.abc import Iterable
from pathlib import Path

from dupi.store import StoreDatabase


async def traces_of(words: Iterable[str], database: StoreDatabase, folder: Path) -> list[str]:
    """Where any of these words stands: in any field of any document of any collection, in the
    name of any file, or in any file itself."""
    wanted = [word for word in words if word]
    found = [
        f"{name}: {word}"
        for name in await database.list_collection_names()
        async for row in database[name].find({})
        for word in wanted
        if word in repr(row)
    ]
    return found + _in_folder(wanted, folder)


def _in_folder(wanted: list[str], folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        name = str(path.relative_to(folder))
        found += [f"{name}: {word}" for word in wanted if word in name or word.encode() in data]
    return found
