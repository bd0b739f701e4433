"""A real Redis for tests, to be killed, held up and started again; it keeps nothing."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.local_stack.launches import launch_redis
from api.local_stack.ports import LOOPBACK, free_ports
from tests.support.patience import HANGS_AFTER_S

PASSWORD: Final = "a-password-that-no-log-shows"


@dataclass
class RedisServer:
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@{LOOPBACK}:{self.port}/0"

    async def start(self) -> None:
        """Returns once it answers."""
        self._launch()
        async with asyncio.timeout(HANGS_AFTER_S):
            while not await self._answers():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def _launch(self) -> None:
        command = (*launch_redis(self.port).command, "--requirepass", PASSWORD)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def hang(self) -> None:
        """It stays connected and says nothing any more."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    async def ask(self, *words: Any) -> Any:
        """What it answers to a command."""
        async with Redis.from_url(self.url) as client:
            return await client.execute_command(*words)  # type: ignore[no-untyped-call]

    async def _answers(self) -> bool:
        with suppress(RedisError, OSError):
            return bool(await self.ask("PING"))
        return False

    def _signal(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)


@asynccontextmanager
async def running_redis() -> AsyncIterator[RedisServer]:
    server = RedisServer()
    try:
        await server.start()
        yield server
    finally:
        server.kill()
