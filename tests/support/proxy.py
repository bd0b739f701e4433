"""A TCP proxy in front of a real backend, that misbehaves when told to.

What it is told holds from that moment on, for the connections that are open too.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from api.local_stack.ports import LOOPBACK
from dupi.concurrency import first_of

_CHUNK: Final = 64 * 1024


@dataclass(eq=False)
class _Connection:
    client: asyncio.StreamWriter
    is_lost: bool = False


@dataclass
class Proxy:
    """``accepted`` counts the connections so far."""

    host: str
    backend_port: int
    port: int = 0
    accepted: int = 0
    _open: set[_Connection] = field(default_factory=set)
    _passes: asyncio.Event = field(default_factory=asyncio.Event)
    _pause_s: float = 0.0
    _chunk: int = _CHUNK
    _refuses: bool = False

    @property
    def address(self) -> str:
        """``host:port``"""
        return f"{LOOPBACK}:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open now: whose client has not left."""
        return len(self._open)

    def hang(self) -> None:
        """Accept, and pass nothing on either way."""
        self._passes.clear()

    def slow_down(self, *, pause_s: float, chunk: int = _CHUNK) -> None:
        """Wait before each piece, of at most ``chunk`` bytes, that goes back to a client."""
        self._pause_s, self._chunk = pause_s, chunk

    def lose(self) -> None:
        """What is open never passes anything again, as when a host is gone without a word; new
        connections do."""
        for connection in self._open:
            connection.is_lost = True

    def cut(self) -> None:
        """Reset what is open; new connections are served."""
        for connection in self._open:
            connection.client.transport.abort()

    def refuse(self) -> None:
        """Reset what is open and whatever comes."""
        self._refuses = True
        self.cut()

    def heal(self) -> None:
        """Pass everything on again, also what hung; what was lost or cut stays so."""
        self._pause_s, self._chunk, self._refuses = 0.0, _CHUNK, False
        self._passes.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        connection = _Connection(writer)
        self._open.add(connection)
        try:
            if not self._refuses:
                await self._connect(reader, connection)
        finally:
            self._open.discard(connection)
            writer.transport.abort() if self._refuses else writer.close()

    async def _connect(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection(self.host, self.backend_port)
            waiting: asyncio.Queue[bytes] = asyncio.Queue()
            try:
                await first_of(
                    _take(reader, waiting),
                    self._forward(waiting, back, connection),
                    self._return(there, connection),
                )
            finally:
                back.close()

    async def _forward(
        self, waiting: asyncio.Queue[bytes], back: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        while True:
            data = await waiting.get()
            await self._may_pass(connection)
            back.write(data)
            await back.drain()

    async def _return(self, there: asyncio.StreamReader, connection: _Connection) -> None:
        """Until the backend ends it."""
        while data := await there.read(self._chunk):
            if self._pause_s:
                await asyncio.sleep(self._pause_s)
            await self._may_pass(connection)
            connection.client.write(data)
            await connection.client.drain()

    async def _may_pass(self, connection: _Connection) -> None:
        await self._passes.wait()
        if connection.is_lost:
            await asyncio.Event().wait()  # until the client leaves


async def _take(reader: asyncio.StreamReader, waiting: asyncio.Queue[bytes]) -> None:
    """Until the client leaves: noticed also while nothing passes, for all is taken at once."""
    while data := await reader.read(_CHUNK):
        waiting.put_nowait(data)


@asynccontextmanager
async def running_proxy(port: int, host: str = LOOPBACK) -> AsyncIterator[Proxy]:
    """A proxy of ``host:port`` on a free port, healthy at first."""
    proxy = Proxy(host, port)
    proxy.heal()
    tasks: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(proxy.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
