"""Refusals before any GraphQL: JSON in the shape of a GraphQL answer, with a code."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from dupi.errors import DupiError, ErrorCode
from dupi.knowledge.vocabulary import Locale
from schema.errors import extensions_of
from schema.messages import internal_message, message_of

_STATUS: Final = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
}


_PIECE_BYTES: Final = 256 * 1024


class Refused(Exception):
    """The request itself cannot be taken: ``status``, and why."""

    def __init__(self, status: int, message: str, *, limit: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.limit = limit


def refusal(refused: Refused, request_id: str) -> JSONResponse:
    shown = {"code": "GRAPHQL_INVALID"}
    if refused.limit:
        shown = {"code": "LIMIT_EXCEEDED", "limit": refused.limit}
    return _answer(refused.status, str(refused), shown | {"requestId": request_id})


def expected_failure(error: DupiError, request_id: str, locale: Locale) -> JSONResponse:
    shown = extensions_of(error, locale) | {"requestId": request_id}
    status = _STATUS.get(error.code, 400)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if "retryAfterSeconds" in shown:
        headers["Retry-After"] = str(shown["retryAfterSeconds"])
    return _answer(status, message_of(error, locale), shown, headers)


def unexpected_failure(request_id: str, locale: Locale) -> JSONResponse:
    shown = {"code": "INTERNAL", "requestId": request_id}
    return _answer(500, internal_message(locale), shown)


def _answer(
    status: int,
    message: str,
    extensions: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    errors = [{"message": message, "extensions": dict(extensions)}]
    return JSONResponse({"errors": errors}, status_code=status, headers=headers)


async def send_whole(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send it, and return once all of it has left this process.

    The server waits for a slow reader before a message, never after the last one. Hence pieces,
    the last of which is empty.
    """

    async def send_in_pieces(message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        for start in range(0, len(body), _PIECE_BYTES):
            piece = body[start : start + _PIECE_BYTES]
            await send({"type": message["type"], "body": piece, "more_body": True})
        await send(message if not body else {"type": message["type"], "more_body": more})

    await response(scope, receive, send_in_pieces)
