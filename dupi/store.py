"""The store: MongoDB through Beanie. ``python -m dupi.store indexes`` makes the indexes.

Processes open the store without touching indexes: those are made by the one explicit step, before
the processes that rely on them start (unique e-mails, consents, keys).

The filter of a write never holds ``$or``: the embedded store then takes the last alternative for
the whole filter, and changes or deletes other documents, without a word.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import pymongo
from beanie import Document, init_beanie
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    WaitQueueTimeoutError,
)

from dupi.accounts.export_models import DataExport
from dupi.accounts.models import Consent, Session, User
from dupi.analyses.capacity import WorkerRecord
from dupi.analyses.models import Analysis, Photo
from dupi.community.models import (
    POST_LIST_INDEXES,
    Block,
    Comment,
    Like,
    Post,
    PostImage,
    Report,
)
from dupi.errors import Unavailable
from dupi.idempotency import IdempotencyRecord
from dupi.operations.audit import AuditEvent
from dupi.operations.load_lease import LoadLease
from dupi.operations.models import Deployment, Shadow
from dupi.settings import Settings, load_settings

DOCUMENTS: Final[tuple[type[Document], ...]] = (
    User,
    Session,
    Consent,
    DataExport,
    IdempotencyRecord,
    Photo,
    Analysis,
    Deployment,
    Shadow,
    AuditEvent,
    LoadLease,
    WorkerRecord,
    Post,
    Comment,
    Like,
    PostImage,
    Block,
    Report,
)

_DEFAULT_DATABASE: Final = "dupi"
_OUT_OF_DISK_SPACE: Final = 14031
_SQLITE_IS_FULL: Final = ("disk I/O error", "database or disk is full")

StoreDatabase = AsyncDatabase[dict[str, Any]]


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[StoreDatabase]:
    """Connect and bind every document class. Raises Unavailable where no server answers."""
    limit, client = settings.store.open_timeout_seconds, _connect(settings)
    try:
        database = client.get_default_database(_DEFAULT_DATABASE)
        with store_errors(), pymongo.timeout(limit):
            await init_beanie(database=database, document_models=DOCUMENTS, skip_indexes=True)
        yield database
    finally:
        with pymongo.timeout(limit):  # closing tells the server so: it may hang
            await client.close()


def _connect(settings: Settings) -> AsyncMongoClient[dict[str, Any]]:
    limits = settings.store
    return AsyncMongoClient(
        settings.mongodb_url,
        timeoutMS=round(limits.operation_timeout_seconds * 1000),
        connectTimeoutMS=round(limits.open_timeout_seconds * 1000),  # of its health checks too
        maxPoolSize=limits.max_connections,
        tz_aware=True,
        appname="dupi",
    )


async def create_indexes() -> dict[str, list[str]]:
    """Make every index that is missing, in an opened store; names by collection."""
    made = {}
    for document in DOCUMENTS:
        indexes = [field.index for field in document.get_settings().indexes or ()]
        if indexes:
            collection = document.get_pymongo_collection()
            made[collection.name] = await collection.create_indexes(indexes)
    posts = Post.get_pymongo_collection()
    if await _finds_by_list_index(posts.database):
        made[posts.name] += await posts.create_indexes(list(POST_LIST_INDEXES))
    return made


async def _finds_by_list_index(database: StoreDatabase) -> bool:
    """Whether the store finds what lies in an indexed list: an embedded one finds nothing then, and
    gets no such index."""
    probe = database[f"probe_{secrets.token_hex(4)}"]
    try:
        await probe.insert_one({"_id": "probe", "list": ["a", "b"]})
        await probe.create_index("list", name="list")
        return await probe.find_one({"list": "b"}) is not None
    finally:
        await probe.drop()


async def ping(database: StoreDatabase) -> None:
    """Raises Unavailable where the store does not answer."""
    with store_errors():
        await database.command("ping")


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the client's "away" and "too slow", and a server without room, into ``Unavailable``;
    faults of ours stay faults."""
    try:
        yield
    except (ConnectionFailure, ExecutionTimeout, WaitQueueTimeoutError) as error:
        raise Unavailable(f"the store does not answer: {error}", reason="store") from error
    except OperationFailure as refused:
        if not _is_out_of_room(refused):
            raise
        raise Unavailable(f"the store is full: {refused}", reason="store") from refused


def _is_out_of_room(refused: OperationFailure) -> bool:
    """MongoDB has a code for it; the embedded store repeats SQLite's words."""
    words = str(refused.details.get("errmsg", "")) if refused.details else ""
    return refused.code == _OUT_OF_DISK_SPACE or any(full in words for full in _SQLITE_IS_FULL)


async def _make_indexes() -> None:
    async with open_store(load_settings()):
        for collection, names in (await create_indexes()).items():
            sys.stdout.write(f"{collection}: {', '.join(names)}\n")


def main(arguments: list[str]) -> None:
    if arguments != ["indexes"]:
        raise SystemExit("usage: python -m dupi.store indexes")
    try:
        asyncio.run(_make_indexes())
    except Unavailable as away:
        raise SystemExit(str(away)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
