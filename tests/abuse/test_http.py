"""Malformed, slow and endless HTTP, sent as bytes: refused, bounded, and others are served."""

import asyncio
import json

import pytest

from api.connections import MAX_HEAD_BYTES, MAX_HEADERS, _Patience
from dupi.resources import Resources
from schema.metrics import OPERATIONS
from tests.abuse.raw import (
    GOOD,
    assert_alive,
    connected,
    deaf_socket,
    post,
    served_with,
    status,
    until_reset,
)

CHUNKED = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED += b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"

LONG = json.dumps(
    {"query": "{" + " ".join(f"a{n}: consentDocuments {{ body }}" for n in range(20)) + "}"}
).encode()
"""Asks for an answer of 60 KB."""

MALFORMED = {
    "no request line": b"\r\n\r\nnonsense\r\n\r\n",
    "one word": b"GET\r\n\r\n",
    "no version": b"GET /graphql\r\n\r\n",
    "another version": b"GET /graphql HTTP/9.9\r\nHost: x\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "http/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 9,
    "unknown method": b"EXPLODE / HTTP/1.1\r\nHost: x\r\n\r\n",
    "nul in the line": b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without colon": b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    "nul in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: x\r\n X: y\r\nY\r\n\r\n",
    "two lengths": post(Host="x").replace(b"Host: x\r\n", b"Content-Length: 3\r\n"),
    "length and chunked": post(Transfer_Encoding="chunked"),
    "length that is no number": post(Content_Length="1x"),
    "negative length": post(Content_Length="-1"),
    "a huge length": post(Content_Length="9" * 40),
    "chunked twice": post(b"", Transfer_Encoding="chunked, chunked, gzip"),
    "chunk sizes of nonsense": CHUNKED + b"zz\r\n" + GOOD,
    "a negative chunk": CHUNKED + b"-5\r\n" + GOOD,
    "a huge chunk size": CHUNKED + b"f" * 20 + b"\r\n" + GOOD,
    "no end of a chunk": CHUNKED + b"2\r\n" + GOOD,
    "a url without a path": b"GET ? HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "connect": b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_http_is_refused(web: str, name: str) -> None:
    async with connected(web) as line:
        await line.send(MALFORMED[name])
        line.writer.write_eof()
        answer = await line.answer()
    assert not answer or 400 <= status(answer) < 500, answer
    await assert_alive(web)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(MAX_HEADERS + 1)),
        b"GET / HTTP/1.1\r\nX: " + b"y" * MAX_HEAD_BYTES,
        b"GET /" + b"y" * MAX_HEAD_BYTES + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nCookie: " + b"a=b; " * 10_000 + b"\r\n",
    ],
    ids=["many headers", "a header", "a url", "cookies"],
)
@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"], ids=["unended", "ended"])
async def test_a_large_head_is_refused(web: str, data: bytes, end: bytes) -> None:
    async with connected(web) as line:
        await line.send(data + end)
        if b"X-1" in data and not end:
            line.writer.write_eof()
        answer = await line.answer()
    assert not answer or status(answer) in {400, 431}
    await assert_alive(web)


async def test_an_endless_head_is_cut_off_while_it_comes(web: str) -> None:
    sent = 0
    async with connected(web) as line:
        await line.send(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises(OSError):  # noqa: PT011, RUF100  (whichever way the kernel tells)
            while sent < 100 * MAX_HEAD_BYTES:
                await line.send(b"y" * 4096)
                sent += 4096
                await asyncio.sleep(0)
    assert sent < 100 * MAX_HEAD_BYTES
    await assert_alive(web)


@pytest.mark.parametrize(
    "opening",
    [b"", b"POST /gra", b"POST /graphql HTTP/1.1\r\nHost: x\r\n"],
    ids=["nothing", "half a line", "half a head"],
)
async def test_a_slow_head_is_cut_off(parts: Resources, opening: bytes) -> None:
    """Also one that comes by drops: what comes does not prolong it."""
    async with served_with(parts, head_timeout_seconds=0.3) as web, connected(web) as line:
        drops = asyncio.create_task(_drip(line.writer, opening))
        assert await line.answer() == b""
        drops.cancel()
        await assert_alive(web)


async def _drip(writer: asyncio.StreamWriter, opening: bytes) -> None:
    writer.write(opening)
    while opening:
        await asyncio.sleep(0.05)
        writer.write(b"x")


async def test_a_second_head_must_come_in_time_too(parts: Resources) -> None:
    async with served_with(parts, head_timeout_seconds=0.5) as web, connected(web) as line:
        await line.send(post())
        assert status(await line.head()) == 200
        drops = asyncio.create_task(_drip(line.writer, b"POST /"))
        await line.answer()
        drops.cancel()


async def test_a_slow_body_is_answered_in_time(parts: Resources) -> None:
    async with (
        served_with(parts, request_timeout_seconds=0.3) as web,
        connected(web) as line,
    ):
        await line.send(post(b"{", Content_Length="100", Connection="close"))
        answer = await line.answer()
        assert status(answer) == 503
        assert b"retry-after" in answer.lower()
        await assert_alive(web)


async def test_a_body_that_stops_is_no_request(web: str) -> None:
    async with connected(web) as line:
        await line.send(post(b"{", Content_Length="100"))
    await assert_alive(web)


async def test_many_requests_in_one_go_are_answered_in_order(web: str) -> None:
    async with connected(web) as line:
        await line.send(post() * 20 + post(Connection="close"))
        answer = await line.answer()
    assert answer.count(b"HTTP/1.1 200 OK") == 21


async def test_who_does_not_read_is_cut_off(parts: Resources) -> None:
    """Fifty long answers are asked for and none is read: few are made, then it ends."""
    before = made()
    async with served_with(parts, write_timeout_seconds=0.3) as web:
        with deaf_socket(web) as peer:
            await asyncio.get_running_loop().sock_sendall(peer, post(LONG) * 50)
            await until_reset(peer)
        await assert_alive(web)
    assert made() - before < 50


async def test_who_reads_slowly_is_served() -> None:
    """For longer than the wait, as it goes on taking something of what waits."""
    size, patience = 30_000_000, _Patience(0.5)

    def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * size)
        patience.start(writer.transport)  # type: ignore[arg-type]
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    received = 0
    async with server, connected(f"127.0.0.1:{port}") as line, asyncio.timeout(60):
        while data := await line.reader.read(200_000):
            received += len(data)
            await asyncio.sleep(0.02)
    patience.stop()
    assert received == size


def made() -> float:
    """Answers about documents so far."""
    value: float = OPERATIONS.labels(field="consentDocuments", outcome="OK")._value.get()
    return value
