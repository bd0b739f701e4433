"""What people do with an analysis under way: follow it, stop it, delete it, try it again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from gql.transport.exceptions import TransportQueryError

from api.local_stack.demo.client import Refused
from schema.relay import global_id
from tests.faults.calls import AWAY, Caller, RefusedLater, error_code
from tests.faults.ledger import Answer, Deletion, KnownAnalysis, KnownPhoto, Ledger

_PAUSE_SECONDS: Final = 0.3
_SOON_SECONDS: Final = 6.0
_RETRIES: Final = 2
_GONE: Final = "NOT_FOUND"
_ENDED_ALREADY: Final = "CONFLICT"


async def follow(caller: Caller, ledger: Ledger, known: KnownAnalysis, dice: random.Random) -> None:
    """Hear all of it, over as many connections as that takes; where it failed, perhaps retry."""
    while True:
        while not known.is_over:
            if not await _hear_more(caller, ledger, known):
                return
        if not await _retry(caller, known, dice):
            return


async def _hear_more(caller: Caller, ledger: Ledger, known: KnownAnalysis) -> bool:
    """One connection; whether there may be more to hear."""
    try:
        async for event in caller.follow(
            global_id("Analysis", known.id), after=known.last_sequence
        ):
            ledger.hear(known, event)
    except TransportQueryError as error:
        return _may_go_on(ledger, known, error)
    except AWAY as away:
        ledger.disturbed[f"stream: {type(away).__name__}"] += 1
    if not known.is_over:
        await asyncio.sleep(_PAUSE_SECONDS)
    return True


def _may_go_on(ledger: Ledger, known: KnownAnalysis, error: TransportQueryError) -> bool:
    code = error_code(error)
    if code == _GONE and known.deletion is not Deletion.NO:
        return False
    if code != "UNAVAILABLE":
        ledger.problems.append(f"following {known.id} was answered by {error.errors}")
    ledger.disturbed[f"stream: {code}"] += 1
    return code != _GONE


async def _retry(caller: Caller, known: KnownAnalysis, dice: random.Random) -> bool:
    """Whether it was begun again; by a try whose answer was lost, it may have ended again too."""
    failure = known.failure
    may_help = failure and failure["retryable"] and known.retries < _RETRIES
    if not may_help or known.deletion is not Deletion.NO or dice.random() < 0.2:
        return False
    try:
        await caller.mutate("RetryAnalysis", analysisId=global_id("Analysis", known.id))
    except Refused as refused:
        if known.deletion is not Deletion.NO:
            return False
        if not isinstance(refused, RefusedLater) or refused.error["code"] != _ENDED_ALREADY:
            raise
    known.begin_again()
    return True


async def act(caller: Caller, ledger: Ledger, known: KnownAnalysis, dice: random.Random) -> None:
    """At some moment while it runs, or just after: mostly nothing, else one of the others."""
    fates: dict[Callable[[Caller, Ledger, KnownAnalysis], Awaitable[None]], int] = {
        _leave_alone: 70,
        _cancel: 10,
        _delete: 10,
        _delete_photo: 10,
    }
    [fate] = dice.choices(list(fates), list(fates.values()))
    if fate is not _leave_alone:
        await asyncio.sleep(dice.uniform(0, _SOON_SECONDS))
    await fate(caller, ledger, known)


async def _leave_alone(_caller: Caller, _ledger: Ledger, _known: KnownAnalysis) -> None:
    pass


async def _cancel(caller: Caller, _ledger: Ledger, known: KnownAnalysis) -> None:
    try:
        await caller.mutate("CancelAnalysis", analysisId=global_id("Analysis", known.id))
    except Refused as refused:
        if refused.error["code"] != _ENDED_ALREADY:
            raise
    else:
        known.is_cancelled = True


async def _delete(caller: Caller, ledger: Ledger, known: KnownAnalysis) -> None:
    known.deletion = Deletion.ASKED
    await _deleted(caller.mutate("DeleteAnalysis", analysisId=global_id("Analysis", known.id)))
    known.deletion = Deletion.DONE


async def _delete_photo(caller: Caller, ledger: Ledger, known: KnownAnalysis) -> None:
    """A photo takes every analysis with it that used it."""
    photo = ledger.photos[known.photo_ids[0]]
    going: list[KnownPhoto | KnownAnalysis] = [photo, *ledger.of_photo(photo.id)]
    for one in going:
        one.deletion = Deletion.ASKED
    await _deleted(caller.mutate("DeletePhoto", photoId=global_id("Photo", photo.id)))
    for one in going:
        one.deletion = Deletion.DONE


async def _deleted(call: Awaitable[Answer]) -> None:
    """That it is gone is an answer too: a call before this one was cut off after its work."""
    try:
        await call
    except Refused as refused:
        if refused.error["code"] != _GONE:
            raise
