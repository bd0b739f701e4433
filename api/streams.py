"""Open streams: how many of one person, and when their session ends them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from graphql import GraphQLFormattedError
from strawberry.http.streaming import SSETransport

from api.admission import Admission
from dupi.concurrency import to_its_end
from dupi.errors import ConsentRequired, DupiError, Forbidden, Unauthenticated
from schema.context import Context
from schema.errors import extensions_of
from schema.limits import LimitExceeded
from schema.messages import message_of

log = structlog.get_logger()

_HEARTBEAT_S: Final = 5.0


class EventStream(SSETransport):
    """Heartbeats also are when an open stream's session is looked at."""

    def __init__(self) -> None:
        super().__init__(heartbeat_interval=_HEARTBEAT_S)


def caller_of(context: Context) -> str:
    """Whom a stream counts for."""
    return context.principal.user_id if context.principal else f"address {context.address}"


async def end_of_session(context: Context) -> DupiError | None:
    """Why what is open must end; ``None`` while it may go on, also where the store cannot say."""
    try:
        await to_its_end(context.check_session())
    except (Unauthenticated, Forbidden, ConsentRequired) as ended:
        return ended
    except Exception as error:
        log.warning("session_not_checked", error=repr(error))
    return None


async def until_session_ends(context: Context) -> DupiError:
    """Look now and then; why it ended, once it has."""
    pause = context.resources.settings.api.session_check_seconds
    while True:
        ended = await end_of_session(context)
        if ended is not None:
            return ended
        await asyncio.sleep(pause)


async def admitted_events(
    events: AsyncIterator[str], context: Context, admission: Admission
) -> AsyncGenerator[str, None]:
    """Server-sent events while the caller may have them; else the error, and the end."""
    try:
        with _place(context, admission):
            async for part in _while_allowed(events, context):
                yield part
    except LimitExceeded as refused:
        for part in _ending({**refused.formatted}, context):
            yield part
    except DupiError as full:
        for part in _ending(_shown(full, context), context):
            yield part
    finally:
        if isinstance(events, AsyncGenerator):  # Strawberry's are
            await events.aclose()


@contextmanager
def _place(context: Context, admission: Admission) -> Iterator[None]:
    who = caller_of(context)
    if not admission.streams_of.take(who):
        raise LimitExceeded("streams", admission.streams_of.most)
    try:
        with admission.streams.place():
            yield
    finally:
        admission.streams_of.give_back(who)


async def _while_allowed(events: AsyncIterator[str], context: Context) -> AsyncGenerator[str, None]:
    clock = asyncio.get_running_loop().time
    pause, checked_at = context.resources.settings.api.session_check_seconds, clock()
    async for event in events:
        if clock() - checked_at >= pause:
            ended = await end_of_session(context)
            if ended is not None:
                raise ended
            checked_at = clock()
        yield event


def _shown(error: DupiError, context: Context) -> GraphQLFormattedError:
    return {
        "message": message_of(error, context.locale),
        "extensions": extensions_of(error, context.locale),
    }


def _ending(error: GraphQLFormattedError, context: Context) -> Iterator[str]:
    shown = (error.get("extensions") or {}) | {"requestId": context.request_id}
    data = json.dumps({"data": None, "errors": [{**error, "extensions": shown}]})
    transport = EventStream()
    yield transport.encode_event("next", data)
    yield transport.encode_complete()
