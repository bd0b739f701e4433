"""Fills the disk that a folder lies on, in a process of its own:
``python -m tests.adapters.full_disk FOLDER [BYTES A FILE MAY HAVE]``. Prints what came of it."""

import asyncio
import json
import resource
import sys
from contextlib import closing
from pathlib import Path

from dupi.adapters.storage import FolderStorage
from dupi.errors import Unavailable

_SMALL, _BIG = b"small" * 100, b"!" * 2**20


async def _refusal(storage: FolderStorage, key: str) -> str | None:
    try:
        await storage.put(key, _BIG)
    except Unavailable as full:
        return f"{full.code}: {full}"
    return None


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


async def _fill(folder: Path) -> dict[str, object]:
    with closing(FolderStorage.at(str(folder), timeout_seconds=30)) as storage:
        await storage.put("photos/a/x", _SMALL)
        new, old = await _refusal(storage, "photos/b/x"), await _refusal(storage, "photos/a/x")
        kept = await storage.get("photos/a/x") == _SMALL
        files = _files(folder)
        await storage.delete_prefix("photos/a")
        await storage.put("photos/c/x", _SMALL)
    return {"new": new, "old": old, "kept": kept, "files": files}


if __name__ == "__main__":
    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    print(json.dumps(asyncio.run(_fill(Path(sys.argv[1])))))  # noqa: T201
