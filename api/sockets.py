"""graphql-transport-ws: who may connect, what frames are taken, and when a socket is closed.

4400 malformed · 4401 no valid session, or not any more · 4403 suspended, or a consent withdrawn ·
4408 no connection_init in time · 4409 an id twice · 4429 two connection_inits, or too many sockets
"""

import asyncio
from contextlib import suppress
from typing import Any, Final, cast

from graphql import GraphQLError, GraphQLFormattedError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from api.admission import Admission, PersonalRoom
from api.callers import bearer_token
from api.streams import caller_of, until_session_ends
from dupi.errors import DupiError, Forbidden, Unauthenticated
from dupi.store import store_errors
from schema.context import Context
from schema.limits import LimitExceeded, check, check_length

_CLOSINGS: Final[dict[type[DupiError], tuple[int, str]]] = {
    Unauthenticated: (4401, "Unauthorized"),
    Forbidden: (4403, "Forbidden"),
}
_MAX_ID: Final = 200
_FRAMES: Final = {"connection_init", "ping", "pong", "subscribe", "complete"}


class Socket(BaseGraphQLTransportWSHandler[Context, None]):
    """One socket: all its operations speak for the person that connection_init named."""

    _watch: "asyncio.Task[None] | None" = None
    _counted_as: str | None = None

    async def handle(self) -> None:
        try:
            await super().handle()
        finally:
            if self._watch:
                self._watch.cancel()
            if self._counted_as:
                self._room.give_back(self._counted_as)

    async def handle_message(self, message: Message) -> None:
        if is_well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("Malformed message")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if self.connection_timed_out:
            return
        if self.connection_init_timeout_task:
            self.connection_init_timeout_task.cancel()
        if self.connection_init_received:
            await self.websocket.close(4429, "Too many initialisation requests")
            return
        self.connection_init_received = True
        payload = message.get("payload") or {}
        if await self._sign_in(payload.get("authorization")) and await self._count():
            await self.send_message({"type": "connection_ack"})
            self.connection_acknowledged = True
            self._watch = asyncio.create_task(self._watch_session())

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        try:
            if is_new:
                self._check_room(message["payload"]["query"])
        except LimitExceeded as refused:
            await self._refuse(message["id"], refused)
        else:
            await super().handle_subscribe(message)

    def _check_room(self, query: str) -> None:
        most = self.max_subscriptions_per_connection or 0
        check("operations", len(self.operations) + 1, most)
        check_length(query)

    async def _refuse(self, operation_id: str, refused: LimitExceeded) -> None:
        error = refused.formatted
        shown = (error.get("extensions") or {}) | {"requestId": self.context.request_id}
        payload: list[GraphQLFormattedError] = [{**error, "extensions": shown}]
        await self.send_message({"id": operation_id, "type": "error", "payload": payload})

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """A faulty document fails its own operation, not its neighbours on the socket."""
        return None

    @property
    def _room(self) -> PersonalRoom:
        admission: Admission = cast(Any, self.view).admission
        return admission.streams_of

    async def _sign_in(self, authorization: object) -> bool:
        try:
            token = bearer_token(authorization)
            if token is not None:
                with store_errors():
                    await self.context.sign_in(token)
        except (Unauthenticated, Forbidden) as refused:
            await self.websocket.close(*_CLOSINGS[type(refused)])
        except DupiError:
            await self.websocket.close(1013, "Try again later")
        else:
            return True
        return False

    async def _count(self) -> bool:
        who = caller_of(self.context)
        if not self._room.take(who):
            await self.websocket.close(4429, "Too many sockets")
            return False
        self._counted_as = who
        return True

    async def _watch_session(self) -> None:
        """Close once the session has ended, or the person may not go on."""
        ended = await until_session_ends(self.context)
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        code, reason = _CLOSINGS.get(type(ended), _CLOSINGS[Forbidden])
        with suppress(Exception):
            await self.websocket.close(code, reason)


def is_well_formed(message: object) -> bool:
    """Whether a frame has the shape that the protocol gives it."""
    if not isinstance(message, dict):
        return False
    kind, payload = message.get("type"), message.get("payload")
    if not isinstance(kind, str) or kind not in _FRAMES:
        return False
    if kind in {"subscribe", "complete"} and not _is_id(message.get("id")):
        return False
    if kind == "subscribe":
        return _is_request(payload)
    return payload is None or isinstance(payload, dict)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID


def _is_request(payload: object) -> bool:
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
        and isinstance(payload.get("extensions"), dict | None)
    )
