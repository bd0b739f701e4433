"""One process at a time changes which versions of a model are served.

Triton takes the whole list of versions with every load, and drops what is not on it. So whoever
loads one has to know what is there by then, and nobody else may load in between: two that began in
the same moment would, ten seconds later, drop each other's version from under a live deployment.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from dupi.clock import epoch_ms, utc_now
from dupi.concurrency import not_cut_off
from dupi.documents import StoredDocument
from dupi.errors import Unavailable
from dupi.ids import new_id
from dupi.logs import get_logger

_LEASE_MS: Final = 10_000
"""A process that is silent for so long has died over it."""
_RENEW_S: Final = 3.0
_LOOK_S: Final = 0.2
_LONGEST_WAIT_S: Final = 600.0
"""Longer than anybody loads all models one after the other."""

log = get_logger(__name__)


class LoadLease(StoredDocument):
    """``id``: the model, or what else only one may do. ``holder`` has it until ``until_ms``."""

    holder: str
    until_ms: int

    class Settings:
        name = "load_leases"


@dataclass(frozen=True, slots=True)
class Held:
    """That ``holder`` may change which versions of ``model`` are served."""

    model: str
    holder: str

    async def refuse_if_lost(self) -> None:
        """Just before Triton is told anything. Raises Unavailable where somebody else has it now:
        this process was silent for too long."""
        if not await not_cut_off(_extend(self)):
            raise Unavailable(f"somebody else changes {self.model} by now", reason="models")


@asynccontextmanager
async def changing(model: str) -> AsyncIterator[Held]:
    """Wait for the lease of ``model``, hold it while the body runs, and let go of it.

    The body must not be cut off while Triton loads (``to_its_end``): others would load meanwhile.
    Raises Unavailable where somebody else does not let go of it.
    """
    held = Held(model, new_id())
    await _wait_for(held)
    renewing = asyncio.create_task(_renew(held))
    try:
        yield held
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        await not_cut_off(_set(held, until_ms=0))


async def _wait_for(held: Held) -> None:
    ends_at = time.monotonic() + _LONGEST_WAIT_S
    while not await _take(held.model, held.holder):
        if time.monotonic() >= ends_at:
            raise Unavailable(f"somebody else changes {held.model}", reason="models")
        await asyncio.sleep(_LOOK_S)


async def only_once_in(seconds: float, what: str) -> bool:
    """Whether this process is the one to attempt ``what``: for so long no other is, whatever it
    comes to."""
    return await not_cut_off(_take(what, new_id(), for_ms=round(seconds * 1000)))


async def was_not_attempted(what: str) -> None:
    """Let others attempt it at once: this process had to leave off."""
    await not_cut_off(_end(what))


async def _end(what: str) -> None:
    await load_leases().update_one({"_id": what}, {"$set": {"until_ms": 0}})


async def _take(model: str, holder: str, *, for_ms: int | None = None) -> bool:
    now = epoch_ms(utc_now())
    until_ms = now + (_LEASE_MS if for_ms is None else for_ms)
    taken = await load_leases().update_one(
        {"_id": model, "until_ms": {"$lt": now}},
        {"$set": {"holder": holder, "until_ms": until_ms}},
    )
    if taken.matched_count:
        return True
    try:
        await LoadLease(id=model, holder=holder, until_ms=until_ms).insert()
    except DuplicateKeyError:  # somebody else has it
        return False
    return True


async def _renew(held: Held) -> None:
    while True:
        await asyncio.sleep(_RENEW_S)
        try:
            if not await not_cut_off(_extend(held)):
                log.warning("load_lease_lost", model=held.model)
                return
        except PyMongoError as away:
            log.warning("load_lease_not_renewed", model=held.model, error=str(away))


async def _extend(held: Held) -> bool:
    return await _set(held, until_ms=epoch_ms(utc_now()) + _LEASE_MS)


async def _set(held: Held, *, until_ms: int) -> bool:
    """Whether it was still its holder's."""
    where = {"_id": held.model, "holder": held.holder}
    done = await load_leases().update_one(where, {"$set": {"until_ms": until_ms}})
    return done.matched_count == 1


def load_leases() -> AsyncCollection[dict[str, Any]]:
    return LoadLease.get_pymongo_collection()
