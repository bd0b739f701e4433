"""Bytes to a real server, as no client library would send them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from dupi.resources import Resources
from tests.support.patience import HANGS_AFTER_S
from tests.support.web import app_over, served

_TLS = httpx.create_ssl_context()
"""Made once: reading the certificates takes longer than a request."""
GOOD = b'{"query": "{ conditions { name } }"}'


@dataclass
class Connection:
    """``status``: of the next answer; ``ended``: whether the server has closed, all read."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        """All until the server closes, which it must."""
        async with asyncio.timeout(HANGS_AFTER_S):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def head(self) -> bytes:
        async with asyncio.timeout(HANGS_AFTER_S):
            return await self.reader.readuntil(b"\r\n\r\n")


@asynccontextmanager
async def connected(web: str, **options: Any) -> AsyncIterator[Connection]:
    host, _, port = web.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), **options)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


def post(body: bytes = GOOD, *, path: str = "/graphql", **headers: str) -> bytes:
    """A request of these headers; ``X_Y`` is ``X-Y``."""
    shown = {"Host": "x", "Content-Type": "application/json", "Content-Length": str(len(body))}
    shown |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in shown.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer[9:12])


async def assert_alive(web: str) -> None:
    """The process answers the next good request."""
    async with httpx.AsyncClient(timeout=HANGS_AFTER_S, verify=_TLS) as http:
        json = {"Content-Type": "application/json"}
        answer = await http.post(f"http://{web}/graphql", content=GOOD, headers=json)
    assert answer.status_code == 200
    assert answer.json()["data"]["conditions"]


def with_api(parts: Resources, **changes: Any) -> Resources:
    """The same with other settings of the api."""
    api = parts.settings.api.model_copy(update=changes)
    return replace(parts, settings=parts.settings.model_copy(update={"api": api}))


@asynccontextmanager
async def served_with(parts: Resources, **changes: Any) -> AsyncIterator[str]:
    """``host:port`` of a server with other settings of the api."""
    async with served(app_over(with_api(parts, **changes))) as address:
        yield address


@contextmanager
def deaf_socket(web: str) -> Iterator[socket.socket]:
    """A peer that takes in next to nothing, and never reads."""
    host, _, port = web.partition(":")
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect((host, int(port)))
        peer.setblocking(False)
        yield peer


async def until_reset(peer: socket.socket) -> None:
    """Until the server has hung up on a peer that does not read."""
    async with asyncio.timeout(HANGS_AFTER_S):
        while peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
