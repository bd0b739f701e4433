"""A real Triton for tests, over a repository of their own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from api.local_stack.launches import Launch, launch_triton
from api.local_stack.ports import LOOPBACK, free_ports
from api.local_stack.processes import KeptProcess

_START_SECONDS = 60


@asynccontextmanager
async def running_triton(repository: Path, log: Path) -> AsyncIterator[InferenceServerClient]:
    """A client of a server that has loaded nothing yet."""
    async with triton_at(repository, log) as server:
        client = InferenceServerClient(server.address)
        try:
            yield client
        finally:
            await client.close()


@dataclass
class TritonServer:
    """A server that can be killed and started again, at the same ``address``."""

    launch: Launch
    address: str
    log: Path
    process: KeptProcess | None = None

    async def start(self) -> None:
        self.process = KeptProcess.start(
            "triton",
            self.launch.command,
            environment=self.launch.full_environment(),
            log=self.log,
        )
        client = InferenceServerClient(self.address)
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await _is_live(client):
                    assert self.process.exit_status is None, self.process.log_tail(40)
                    await asyncio.sleep(0.1)
        finally:
            await client.close()

    async def kill(self) -> None:
        """As a crash would."""
        assert self.process
        for pid in self.process.program_pids():
            os.kill(pid, signal.SIGKILL)
        await self.stop()

    async def stop(self) -> None:
        if self.process:
            await self.process.stop()
        self.launch.forget_leftovers()


@asynccontextmanager
async def triton_at(repository: Path, log: Path) -> AsyncIterator[TritonServer]:
    """A server that has loaded nothing yet."""
    server = planned_triton(repository, log)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


def planned_triton(repository: Path, log: Path) -> TritonServer:
    """One that is not started yet; the folder of its ``log`` is its alone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    grpc, metrics = free_ports(2)
    launch = launch_triton(repository, log.parent, grpc=grpc, metrics=metrics)
    return TritonServer(launch, f"{LOOPBACK}:{grpc}", log)


async def _is_live(client: InferenceServerClient) -> bool:
    try:
        return bool(await client.is_server_live(client_timeout=2))
    except InferenceServerException:
        return False
