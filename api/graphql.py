"""GraphQL over HTTP, multipart uploads, server-sent events and graphql-transport-ws."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import structlog
from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLRequestData
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from api import bodies, graphiql
from api.admission import Admission
from api.callers import (
    address_of,
    bearer_token,
    callers_locale,
    context_of,
    request_id_of,
    resources_of,
    uploader_of,
)
from api.responses import Refused, expected_failure, refusal, send_whole, unexpected_failure
from api.sockets import Socket
from api.streams import EventStream, admitted_events
from dupi.errors import DupiError, Unavailable
from dupi.settings import Settings
from dupi.store import store_errors
from schema.context import Context
from schema.limits import LimitExceeded, check_length
from schema.root import schema

log = structlog.get_logger()


class _Requests(StarletteRequestAdapter):
    """Remembers the form, so that its files are closed when the answer is there."""

    async def get_form(self) -> FormData:
        self._request.state.form = bodies.Form(self._request.headers, self._request.stream())
        form: bodies.Form = self._request.state.form
        return await form.read()


class GraphQLApp(GraphQL[Context, None]):
    """Strawberry's view, its parsing replaced by one that answers 400 to what is malformed."""

    request_adapter_class = _Requests
    graphql_transport_ws_handler_class = Socket
    stream_transport_classes_by_protocol = {GRAPHQL_SSE_PROTOCOL: EventStream}  # noqa: RUF012

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if graphiql.is_wanted(settings) else None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=settings.api.init_timeout_seconds),
            max_subscriptions_per_connection=settings.api.operations_per_socket,
            allowed_origins=settings.api.cors_origins,
        )
        self.admission = Admission(settings.api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._respond(scope, receive, send)
        else:
            await self._converse(scope, receive, send)

    async def _converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A socket, or the refusal of its handshake where there are too many."""
        socket = WebSocket(scope, receive, send)
        try:
            with self.admission.streams.place():
                await super().__call__(scope, receive, send)
        except Unavailable as full:
            answer = expected_failure(full, request_id_of(socket), callers_locale(socket))
            await socket.send_denial_response(answer)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The places of a request are taken until its answer has been sent, a slow reader's too;
        a stream has places of its own."""
        request = Request(scope, receive)
        with ExitStack() as places:
            try:
                response = await self._answer(request, receive, places)
            except ClientDisconnect:
                return
            if isinstance(response, StreamingResponse):
                places.close()
                await response(scope, receive, send)
            else:
                await send_whole(response, scope, receive, send)

    async def _answer(self, request: Request, receive: Receive, places: ExitStack) -> Response:
        """The answer, or the refusal, to one request. Files that came with it are closed."""
        request_id, locale = request_id_of(request), callers_locale(request)
        try:
            place = self.admission.request(address_of(request), uploader_of(request))
            places.enter_context(place)
            bounded = Request(request.scope, self._bounded(request, receive))
            return await self._run_in_time(bounded)
        except Refused as refused:
            return refusal(refused, request_id)
        except HTTPException as refused:
            return refusal(Refused(refused.status_code, refused.reason), request_id)
        except DupiError as error:
            return expected_failure(error, request_id, locale)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("unexpected")
            return unexpected_failure(request_id, locale)
        finally:
            if hasattr(request.state, "form"):
                request.state.form.close()

    def _bounded(self, request: Request, receive: Receive) -> Receive:
        settings = resources_of(request).settings
        limit = bodies.body_limit(
            request.headers, plain=settings.api.max_body_bytes, file=settings.photos.max_bytes
        )
        return bodies.bounded(receive, request.headers, limit)

    async def _run_in_time(self, request: Request) -> Response:
        seconds = resources_of(request).settings.api.request_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self.run(request)
        except TimeoutError as late:
            raise Unavailable(f"no answer within {seconds} s", reason="deadline") from late

    async def render_graphql_ide(self, request: Request) -> Response:
        return graphiql.graphiql_page(self.graphql_ide_html)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        """A socket's caller signs in with connection_init, an HTTP caller with a header."""
        context = context_of(request, response if isinstance(response, Response) else None)
        if isinstance(request, Request):
            token = bearer_token(request.headers.get("authorization"))
            if token is not None:
                with store_errors():
                    await context.sign_in(token)
            context.streams = self._get_stream_transport_from_headers(request.headers) is not None
            request.state.context = context
        return context

    def decode_json(self, data: str | bytes) -> object:
        """Of sockets' frames: Strawberry closes with 4400 on this one error."""
        try:
            return bodies.decode_json(data)
        except ValueError as invalid:
            raise json.JSONDecodeError(str(invalid), "", 0) from invalid

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        if request.method != "POST":
            raise Refused(405, "Operations are sent by POST.")
        data = await self._read(request)
        if not isinstance(data, dict):
            raise Refused(400, "The body must be one GraphQL request: an object.")
        query = _field(data, "query", str)
        _check_length(query)
        transport = self._get_stream_transport_from_headers(request.headers)
        return GraphQLRequestData(
            query=query,
            variables=_field(data, "variables", dict),
            operation_name=_field(data, "operationName", str),
            extensions=_field(data, "extensions", dict),
            protocol=transport.protocol if transport else "http",
        )

    async def _read(self, request: AsyncHTTPRequestAdapter) -> object:
        content_type = (request.content_type or "").split(";")[0].strip().lower()
        if content_type == "application/json":
            return bodies.parse_json(await request.get_body())
        if content_type == "multipart/form-data" and isinstance(request, _Requests):
            return bodies.read_multipart(await request.get_form())
        raise Refused(415, "The body must be application/json or multipart/form-data.")

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        context: Context = request.state.context

        def events() -> AsyncIterator[str]:
            return admitted_events(stream(), context, self.admission)

        return await super().create_streaming_response(request, events, sub_response, headers)


def _field(data: dict[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    if value is not None and not isinstance(value, kind):
        raise Refused(400, f"`{name}` must be {'an object' if kind is dict else 'a text'} or null.")
    return value


def _check_length(query: str | None) -> None:
    try:
        check_length(query)
    except LimitExceeded as refused:
        raise Refused(400, refused.message, limit="length") from None
