"""A real store for tests: the one that DUPI_MONGODB_URL names, else an embedded one of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from dupi.resources import Resources, open_resources
from dupi.settings import Settings
from dupi.store import DOCUMENTS, create_indexes

_START_TIMEOUT_S = 30
_SECRET = "a secret that only tests know, 32+ characters"


@contextmanager
def running_store(folder: Path) -> Iterator[str]:
    """Url (without a database) of the given store, or of an embedded one that lives in here."""
    given = os.environ.get("DUPI_MONGODB_URL")
    if given:
        yield given
        return
    port = _free_port()
    process = subprocess.Popen(_command(folder, port), stdout=subprocess.DEVNULL, cwd=folder)
    try:
        _wait_until_listening(port, process)
        yield f"mongodb://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def fresh_database_url(url: str) -> str:
    """``url`` with a fresh database for tests; a database named in it must be one for tests."""
    parts = urlsplit(url)
    named = parts.path.strip("/")
    if named and "test" not in named:
        raise RuntimeError(f"database {named!r} is not one for tests: its name lacks 'test'")
    return urlunsplit(parts._replace(path=f"/{named or 'dupi_test'}_{secrets.token_hex(4)}"))


def settings_for_tests(url: str, folder: Path | str, **changes: object) -> Settings:
    """Settings with a fresh database and folder; cheap passwords."""
    values: dict[str, object] = {
        "secret": _SECRET,
        "mongodb_url": fresh_database_url(url),
        "storage_url": str(Path(folder) / "photos"),
        "mail_url": f"file:{Path(folder) / 'outbox'}",
        "accounts": {"hash_memory_kib": 8, "hash_rounds": 1},
    }
    return Settings.model_validate(values | changes)


@asynccontextmanager
async def fresh_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Everything opened, the store with indexes; its database is dropped at the end."""
    async with open_resources(settings) as resources:
        database = resources.database
        if "test" not in database.name:
            raise RuntimeError(f"refusing database {database.name!r}")
        await create_indexes()
        try:
            yield resources
        finally:
            await database.client.drop_database(database.name)


async def empty_store() -> None:
    for document in DOCUMENTS:
        await document.get_pymongo_collection().delete_many({})


def _command(folder: Path, port: int) -> list[str]:
    program = Path(sys.executable).with_name("nx-27017")
    return [
        str(program),
        *("--data-dir", str(folder / "data"), "--port", str(port)),
        *("--log-file", str(folder / "store.log"), "--pid-file", str(folder / "store.pid")),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("the embedded store did not start")
