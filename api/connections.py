"""Connections that give up on clients who never finish their head, or never read.

uvicorn bounds idle time between requests and the size of a WebSocket message, but neither the time
nor the bytes of a request's head, nor how long an answer may wait to be read.
"""

import asyncio
import socket
import struct
from asyncio import TimerHandle
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from dupi.settings import ApiSettings

MAX_HEAD_BYTES: Final = 32 * 1024
MAX_HEADERS: Final = 100
MAX_FRAGMENTS: Final = 64
"""Frames of one message: empty ones would gather without ever exceeding its size."""


def connection_options(settings: ApiSettings) -> dict[str, Any]:
    """uvicorn's options that make it use what is here."""
    waits = {
        "head_seconds": settings.head_timeout_seconds,
        "write_seconds": settings.write_timeout_seconds,
    }
    return {
        "http": type("Http", (HttpConnection,), waits),
        "ws": type("Socket", (SocketConnection,), waits),
        "ws_per_message_deflate": False,
    }


class _Deadline:
    """One timer that is running or not."""

    def __init__(self) -> None:
        self._timer: TimerHandle | None = None

    def start(self, seconds: float, then: Any) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Patience:
    """Resets a peer that has taken nothing more of what waits for it when it is looked at again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = _Deadline()

    def start(self, transport: asyncio.Transport) -> None:
        left = transport.get_write_buffer_size()
        self._deadline.start(self._seconds, lambda: self._look(transport, left))

    def stop(self) -> None:
        self._deadline.stop()

    def _look(self, transport: asyncio.Transport, left: int) -> None:
        self.stop()
        if transport.get_write_buffer_size() < left:
            self.start(transport)
        else:
            _reset(transport)


def _reset(transport: asyncio.Transport) -> None:
    """End it, and drop what the kernel still holds for a peer that would not read it."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _refuse(transport: asyncio.Transport, status: HTTPStatus) -> None:
    transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
    transport.close()


class HttpConnection(HttpToolsProtocol):
    """A head is whole within ``head_seconds`` and 32 KiB; an answer is read on."""

    head_seconds: float
    write_seconds: float

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head, self._write = _Deadline(), _Patience(self.write_seconds)
        self._head_bytes = 0
        self._is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._head.start(self.head_seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head.stop()
        self._write.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._head.start(self.head_seconds, self._give_up)
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse_head()

    def on_message_begin(self) -> None:
        self._is_in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MAX_HEAD_BYTES:
            raise ValueError("the head is too large")
        self._head.stop()
        self._head_bytes, self._is_in_head = 0, False
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        self._write.stop()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write.start(self.transport)

    def resume_writing(self) -> None:
        self._write.stop()
        super().resume_writing()

    def _give_up(self) -> None:
        _reset(self.transport)

    def _refuse_head(self) -> None:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self.transport.write(
            STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n"
        )
        self.transport.close()


class SocketConnection(WebSocketsSansIOProtocol):
    """A peer that does not read is not read from either, and cut off after ``write_seconds``."""

    head_seconds: float
    write_seconds: float

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._write = _Patience(self.write_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._write.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write.start(self.transport)
        if not self.read_paused:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        self._write.stop()
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """What comes first is a whole head: without a handshake in it, nothing would answer."""
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            _refuse(self.transport, HTTPStatus.BAD_REQUEST)

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < MAX_FRAGMENTS:
            super().handle_cont(event)
            return
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
        self.handle_parser_exception()
