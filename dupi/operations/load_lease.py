"""One process at a time changes which versions of a model are served.

Triton takes the whole list of versions with every load, and drops what is not on it. So whoever
loads one has to know what is there by then, and nobody else may load in between: two that began in
the same moment would, ten seconds later, drop each other's version from under a live deployment.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from dupi.clock import epoch_ms, utc_now
from dupi.concurrency import not_cut_off
from dupi.documents import StoredDocument
from dupi.ids import new_id
from dupi.logs import get_logger

_LEASE_MS: Final = 10_000
"""A process that is silent for so long has died over it."""
_RENEW_S: Final = 3.0
_LOOK_S: Final = 0.2

log = get_logger(__name__)


class LoadLease(StoredDocument):
    """``id``: the model. ``holder`` has it until ``until_ms``."""

    holder: str
    until_ms: int

    class Settings:
        name = "load_leases"


@asynccontextmanager
async def changing(model: str) -> AsyncIterator[None]:
    """Wait for the lease of ``model``, hold it while the body runs, and let go of it."""
    holder = new_id()
    while not await _take(model, holder):  # noqa: ASYNC110  (another process lets go of it)
        await asyncio.sleep(_LOOK_S)
    renewing = asyncio.create_task(_renew(model, holder))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        await not_cut_off(_set(model, holder, until_ms=0))


async def _take(model: str, holder: str) -> bool:
    now = epoch_ms(utc_now())
    taken = await _leases().update_one(
        {"_id": model, "until_ms": {"$lt": now}},
        {"$set": {"holder": holder, "until_ms": now + _LEASE_MS}},
    )
    if taken.matched_count:
        return True
    try:
        await LoadLease(id=model, holder=holder, until_ms=now + _LEASE_MS).insert()
    except DuplicateKeyError:  # somebody else has it
        return False
    return True


async def _renew(model: str, holder: str) -> None:
    while True:
        await asyncio.sleep(_RENEW_S)
        try:
            await not_cut_off(_set(model, holder, until_ms=epoch_ms(utc_now()) + _LEASE_MS))
        except PyMongoError as away:
            log.warning("load_lease_not_renewed", model=model, error=str(away))


async def _set(model: str, holder: str, *, until_ms: int) -> None:
    where = {"_id": model, "holder": holder}
    await _leases().update_one(where, {"$set": {"until_ms": until_ms}})


def _leases() -> AsyncCollection[dict[str, Any]]:
    return LoadLease.get_pymongo_collection()
