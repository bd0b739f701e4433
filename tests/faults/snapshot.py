"""What is stored in the end: read past the platform, as rows and files."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient

Row = Mapping[str, Any]
Rows = Mapping[str, Row]

UNFINISHED: Final = ("QUEUED", "CLASSIFYING", "ADVISING")
_OWNER_SEGMENT: Final = 1
"""Keys are ``photos/<owner>/…`` and ``analyses/<owner>/…``."""


@dataclass(frozen=True)
class Snapshot:
    """Rows by id; ``files`` are paths below the photo folder."""

    analyses: Rows
    photos: Rows
    keys: Rows
    files: frozenset[str]


async def take_snapshot(mongodb_url: str, folder: Path, owners: Collection[str]) -> Snapshot:
    """Everything that belongs to these people."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb_url)
    try:
        database = client.get_default_database()
        found = {
            name: {row["_id"]: row async for row in database[name].find({}) if _is_of(row, owners)}
            for name in ("analyses", "photos", "idempotency")
        }
    finally:
        await client.close()
    files = frozenset(path for path in _files(folder) if path.split("/")[_OWNER_SEGMENT] in owners)
    return Snapshot(found["analyses"], found["photos"], found["idempotency"], files)


def _is_of(row: Row, owners: Collection[str]) -> bool:
    return row.get("owner_id", row.get("person_id")) in owners


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*/*") if path.is_file()]


def events_of(analysis: Row) -> list[Row]:
    """In the order of their numbers."""
    events = analysis["events"]
    return [events[number] for number in sorted(events, key=int)]


def chains_of(analysis: Row) -> list[list[Row]]:
    """Events of each time that it was queued: one chain, and another for every retry."""
    chains: list[list[Row]] = []
    for event in events_of(analysis):
        if event["kind"] == "STATUS_CHANGED" and event["status"] == "QUEUED":
            chains.append([])
        if chains:
            chains[-1].append(event)
    return chains
