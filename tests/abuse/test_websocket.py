"""Malformed and hostile WebSocket frames, sent as bytes; floods and peers that do not read."""

import asyncio
import base64
import json
import os
import socket as net
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from api.connections import MAX_FRAGMENTS
from dupi.resources import Resources
from tests.abuse.raw import (
    Connection,
    assert_alive,
    connected,
    deaf_socket,
    served_with,
    status,
    with_api,
)
from tests.abuse.test_admission import admission_of, until
from tests.support.patience import HANGS_AFTER_S
from tests.support.web import app_over, served, socket

TEXT, BINARY, CLOSE, PING, FINAL, COMPRESSED = 0x1, 0x2, 0x8, 0x9, 0x80, 0x40
CONTINUATION = 0x0
INIT = b'{"type": "connection_init"}'


def frame(opcode: int, payload: bytes = b"", *, first: int = FINAL, masked: bool = True) -> bytes:
    """One frame; ``first``: its flags."""
    size = len(payload)
    mask = 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first | opcode, mask | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first | opcode, mask | 126, size)
    else:
        head = struct.pack("!BBQ", first | opcode, mask | 127, size)
    if not masked:
        return head + payload
    key = b"\x01\x02\x03\x04"
    return head + key + bytes(byte ^ key[n % 4] for n, byte in enumerate(payload))


def upgrade(**headers: str) -> bytes:
    shown = {
        "Host": "x",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": "graphql-transport-ws",
    }
    shown |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in shown.items() if value)
    return f"GET /graphql HTTP/1.1\r\n{lines}\r\n".encode()


@asynccontextmanager
async def upgraded(web: str, **headers: str) -> AsyncIterator[Connection]:
    async with connected(web) as line:
        await line.send(upgrade(**headers))
        head = await line.head()
        assert status(head) == 101, head
        assert b"permessage-deflate" not in head
        yield line


async def closed_with(line: Connection, *, answers: bool = False) -> int | None:
    """Code of the close frame before the server hung up; ``None`` where there was none.

    ``answers``: with a close frame, for which a server waits that closes of its own accord.
    """
    code = None
    with suppress(asyncio.IncompleteReadError, ConnectionResetError):
        async with asyncio.timeout(HANGS_AFTER_S):
            while True:
                opcode, payload = await _read_frame(line)
                if opcode == CLOSE:
                    code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                    if answers:
                        await line.send(frame(CLOSE, payload))
    return code


async def _read_frame(line: Connection) -> tuple[int, bytes]:
    """Opcode and payload of the next frame, of less than 64 KiB."""
    first, size = await line.reader.readexactly(2)
    size &= 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await line.reader.readexactly(2))
    return first & 0x0F, await line.reader.readexactly(size)


BOMB = zlib.compressobj(9, zlib.DEFLATED, -12)
BOMB_BYTES = BOMB.compress(b"x" * 50_000_000) + BOMB.flush(zlib.Z_SYNC_FLUSH)

FAULTS = {
    "an opcode that is none": (frame(0x3, b"x"), 1002),
    "a control opcode that is none": (frame(0xB, b"x"), 1002),
    "not masked": (frame(TEXT, INIT, masked=False), 1002),
    "a reserved bit": (frame(TEXT, INIT, first=FINAL | 0x20), 1002),
    "compressed, unasked": (frame(TEXT, b"\x00", first=FINAL | COMPRESSED), 1002),
    "a bomb, compressed": (frame(TEXT, BOMB_BYTES[:60_000], first=FINAL | COMPRESSED), 1002),
    "a continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "a text within a text": (frame(TEXT, b"{", first=0) + frame(TEXT, b"}"), 1002),
    "a ping in pieces": (frame(PING, b"x", first=0), 1002),
    "a long ping": (frame(PING, b"x" * 126), 1002),
    "a close of one byte": (frame(CLOSE, b"x"), 1002),
    "a close of a bad code": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "16 MiB announced": (struct.pack("!BBQ", FINAL | TEXT, 0x80 | 127, 16 * 2**20), 1009),
    "a negative length": (struct.pack("!BBQ", FINAL | TEXT, 0x80 | 127, 2**63), None),
    "pieces that are too large": (
        frame(TEXT, b"x" * 60_000, first=0) + frame(CONTINUATION, b"x" * 60_000, first=0) * 4,
        1009,
    ),
    "pieces without end": (
        frame(TEXT, b"", first=0) + frame(CONTINUATION, b"", first=0) * (MAX_FRAGMENTS * 3),
        1009,
    ),
    "invalid utf-8": (frame(TEXT, b'{"type": "\xff\xfe"}'), 1007),
    "binary": (frame(BINARY, INIT), 4400),
    "a close": (frame(CLOSE, struct.pack("!H", 1000)), 1000),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_faulty_frame_closes(web: str, name: str) -> None:
    data, code = FAULTS[name]
    async with upgraded(web) as line:
        await line.send(data)
        found = await closed_with(line, answers=code == 4400)
    assert code is None or found == code
    await assert_alive(web)


async def test_compression_is_not_agreed_on(web: str) -> None:
    async with upgraded(web, Sec_WebSocket_Extensions="permessage-deflate") as line:
        await line.send(frame(TEXT, INIT))
        async with asyncio.timeout(HANGS_AFTER_S):
            answer = await line.reader.readexactly(2)
        assert answer[0] == FINAL | TEXT


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_WebSocket_Key": "x"},
        {"Sec_WebSocket_Key": ""},
        {"Sec_WebSocket_Version": "7"},
        {"Sec_WebSocket_Protocol": "x" * 20_000},
        {"Origin": "null"},
        {"Origin": "https://elsewhere.example"},
    ],
    ids=lambda headers: str(headers)[:50],
)
async def test_a_faulty_handshake_is_refused(web: str, headers: dict[str, str]) -> None:
    async with connected(web) as line:
        await line.send(upgrade(**headers))
        head = await line.head()
        if status(head) == 101:  # taken, and closed at once for its protocol
            assert await closed_with(line) == 4406
        else:
            assert 400 <= status(head) < 500
    await assert_alive(web)


async def greet(peer: net.socket) -> None:
    """Come in as any client; from now on read no more."""
    loop = asyncio.get_running_loop()
    for sent, answer in ((upgrade(), b"101"), (frame(TEXT, INIT), b"connection_ack")):
        await loop.sock_sendall(peer, sent)
        assert answer in await loop.sock_recv(peer, 4096)


async def test_a_flood_of_pings_that_nobody_reads_is_bounded(parts: Resources) -> None:
    """Its answers are not gathered: no more is read, and in the end it is cut off."""
    async with served_with(parts, write_timeout_seconds=0.3) as web:
        with deaf_socket(web) as peer:
            loop = asyncio.get_running_loop()
            await greet(peer)
            pings, sent = frame(PING, b"x" * 125) * 1000, 0
            with pytest.raises(OSError):  # noqa: PT011, RUF100  (whichever way the kernel tells)
                while sent < 2_000:
                    async with asyncio.timeout(HANGS_AFTER_S):
                        await loop.sock_sendall(peer, pings)
                    sent += 1
            assert sent < 2_000
        await assert_alive(web)


async def test_who_asks_and_never_reads_is_cut_off(parts: Resources) -> None:
    """What waits for it is bounded by its operations, and in the end its place is free again."""
    texts = " ".join(f"a{n}: consentDocuments {{ body }}" for n in range(20))
    app = app_over(with_api(parts, write_timeout_seconds=0.3, operations_per_socket=120))
    streams = admission_of(app).streams
    async with served(app) as web:
        with deaf_socket(web) as peer:
            await greet(peer)
            assert streams.taken == 1
            for number in range(120):
                payload = {"query": f"{{ {texts} }}"}
                asked = {"id": str(number), "type": "subscribe", "payload": payload}
                data = frame(TEXT, json.dumps(asked).encode())
                await asyncio.get_running_loop().sock_sendall(peer, data)
            await until(streams, 0)
        await assert_alive(web)


async def test_after_an_init_that_came_too_late_nothing_is_taken(parts: Resources) -> None:
    async with served_with(parts, init_timeout_seconds=1) as web:
        async with socket(web) as wire:
            assert await wire.close_code() == 4408
        async with socket(web) as wire:
            await wire.initialise()
            await wire.subscribe("{ conditions { name } }")
            assert (await wire.receive())["payload"]["data"]
