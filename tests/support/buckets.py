"""A local S3 server for tests, to be killed, held up and started again; it keeps nothing."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from signal import SIGCONT, SIGSTOP
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

import boto3  # type: ignore[import-untyped]

from api.local_stack.ports import LOOPBACK, free_ports

BUCKET: Final = "photos-of-tests"
ACCESS_KEY_ID: Final = "an-access-key"
SECRET_ACCESS_KEY: Final = "a-secret-key-that-no-log-shows"
SILENCE: Final = b"(silence)"
_START_S: Final = 60
_ABOUT: Final = 'ETag: "1"\r\nLast-Modified: Tue, 24 Nov 2026 00:00:00 GMT'


@dataclass
class BucketServer:
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """How a process is told to keep its photos here."""
        return {
            "DUPI_STORAGE_URL": f"s3://{BUCKET}/here",
            "DUPI_BUCKET__ENDPOINT": self.endpoint,
            "DUPI_BUCKET__REGION": "us-east-1",
            "DUPI_BUCKET__ACCESS_KEY_ID": ACCESS_KEY_ID,
            "DUPI_BUCKET__SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }

    def start(self) -> None:
        """Returns once it answers and has the bucket."""
        command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(self.port)]
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=silent, stderr=silent)
        end = time.monotonic() + _START_S
        while not self._answers():
            if time.monotonic() > end:
                raise RuntimeError("the S3 server did not start")
            time.sleep(0.1)
        self.client().create_bucket(Bucket=BUCKET)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def hang(self) -> None:
        """It stays connected and says nothing any more."""
        if self._process:
            self._process.send_signal(SIGSTOP)

    def go_on(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(SIGCONT)

    def client(self) -> Any:
        """A client of another make, to look with."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            region_name="us-east-1",
        )

    def keys(self) -> list[str]:
        """Every key in the bucket."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def empty(self) -> None:
        client = self.client()
        for key in self.keys():
            client.delete_object(Bucket=BUCKET, Key=key)

    def _answers(self) -> bool:
        with suppress(URLError, OSError), urlopen(f"{self.endpoint}/moto-api/", timeout=1):  # noqa: S310
            return True
        return False


@contextmanager
def running_buckets() -> Iterator[BucketServer]:
    server = BucketServer()
    try:
        server.start()
        yield server
    finally:
        server.kill()


@dataclass
class ScriptedServer:
    """Remembers what it was asked."""

    endpoint: str
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[ScriptedServer]:
    """An HTTP server for failures that a real one does not show on demand: it gives the answers
    in turn, the last again and again. What ends in ``SILENCE`` is not gone on with."""
    asked: list[str] = []
    is_over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            given = answers[min(len(asked), len(answers) - 1)]
            asked.append(head.decode().split("\r\n")[0])
            writer.write(given.removesuffix(SILENCE))
            await writer.drain()
            if given.endswith(SILENCE):
                await is_over.wait()
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as server:
        yield ScriptedServer(f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}", asked)
        is_over.set()


def answer(status: str, body: bytes = b"", *, length: int | None = None) -> bytes:
    """``length``: how long it says that the body is."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {size}\r\n"
    return f"{head}{_ABOUT}\r\n\r\n".encode() + body
