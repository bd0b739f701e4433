"""What people get when they ask again for what they were told."""

from collections.abc import Iterator
from typing import Final

from gql.transport.exceptions import TransportQueryError

from api.local_stack.demo.client import Answer, ApiClient
from schema.relay import global_id
from tests.faults.calls import error_code
from tests.faults.ledger import Deletion, KnownAnalysis, Ledger, content

_GONE: Final = "NOT_FOUND"


async def broken_promises(web: str, ledger: Ledger) -> list[str]:
    """Differences between what was told at the time and what is told now; none where all holds."""
    problems: list[str] = []
    for known in ledger.analyses.values():
        client = ApiClient(web, token=ledger.tokens[known.owner])
        if known.deletion is Deletion.NO:
            problems += await _problems_of_kept(client, known)
        elif known.deletion is Deletion.DONE:
            problems += await _problems_of_deleted(client, known)
    return problems


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
