"""What people get when they ask again for what they were told."""

import asyncio
from collections.abc import Iterator
from typing import Final

from gql.transport.exceptions import TransportQueryError

from api.local_stack.demo.client import Answer, ApiClient
from schema.relay import global_id
from tests.faults.calls import error_code
from tests.faults.ledger import Deletion, KnownAnalysis, Ledger, content

_GONE: Final = "NOT_FOUND"
_READ_SECONDS: Final = 60.0
"""All of an analysis that has ended is told within this, or its stream hangs."""
_HANGING_AT_MOST: Final = 5
"""After so many nobody waits for the others."""


async def broken_promises(web: str, ledger: Ledger) -> list[str]:
    """Differences between what was told at the time and what is told now; none where all holds.
    What cannot be read is a problem like any other: this raises nothing."""
    problems: list[str] = []
    hanging = 0
    for known in ledger.analyses.values():
        try:
            async with asyncio.timeout(_READ_SECONDS):
                problems += await _problems_of(
                    ApiClient(web, token=ledger.tokens[known.owner]), known
                )
        except TimeoutError:
            hanging += 1
            problems.append(f"analysis {known.id} is not told to its end in {_READ_SECONDS:g} s")
        except Exception as trouble:
            problems.append(f"analysis {known.id} could not be read again: {trouble!r}")
        if hanging >= _HANGING_AT_MOST:
            return [*problems, "what comes after these was not read again"]
    return problems


async def _problems_of(client: ApiClient, known: KnownAnalysis) -> list[str]:
    match known.deletion:
        case Deletion.NO:
            return await _problems_of_kept(client, known)
        case Deletion.DONE:
            return await _problems_of_deleted(client, known)
        case Deletion.ASKED:
            return []


async def _problems_of_kept(client: ApiClient, known: KnownAnalysis) -> list[str]:
    identity = global_id("Analysis", known.id)
    if await client.query("Analysis", id=identity) is None:
        return [f"analysis {known.id} is not found through the API"]
    told = [event async for event in client.follow(identity)]
    return [f"analysis {known.id}: {it}" for it in differences(known.events, told)]


async def _problems_of_deleted(client: ApiClient, known: KnownAnalysis) -> list[str]:
    identity = global_id("Analysis", known.id)
    found = await client.query("Analysis", id=identity)
    if found is None and await _is_gone(client, identity):
        return []
    return [f"analysis {known.id} was deleted and is still told of"]


async def _is_gone(client: ApiClient, identity: str) -> bool:
    try:
        async for _ in client.follow(identity):
            return False
    except TransportQueryError as error:
        return error_code(error) == _GONE
    return False


def differences(heard: list[Answer], told: list[Answer]) -> Iterator[str]:
    """Between what a follower received over all its connections and what is stored."""
    if (numbers := [event["sequence"] for event in heard]) != list(range(1, len(heard) + 1)):
        yield f"its follower received events numbered {numbers}"
    if len(heard) != len(told):
        yield f"its follower received {len(heard)} events of {len(told)}"
    for one, other in zip(heard, told, strict=False):
        if content(one) != content(other):
            yield f"event {other['sequence']} was received as {content(one)}, not {content(other)}"
