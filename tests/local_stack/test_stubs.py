"""A classifier whose process died is loaded again: on a real Triton, with one real head."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from api.local_stack.launches import launch_triton
from api.local_stack.paths import MODEL_REPOSITORY
from api.local_stack.ports import LOOPBACK, free_ports
from api.local_stack.processes import KeptProcess
from api.local_stack.stubs import Stubs

_MODEL = "severity_hair_loss"
_SECONDS = 120


class Server:
    """A Triton that holds one model."""

    def __init__(self, process: KeptProcess, address: str) -> None:
        self.process = process
        self.address = address
        self.client = InferenceServerClient(address)

    @property
    def program(self) -> int:
        [pid] = self.process.program_pids()
        return pid

    async def kill_stub(self) -> None:
        """Triton keeps what is left of it as a zombie, until the model is unloaded."""
        [stub] = psutil.Process(self.program).children()
        os.kill(stub.pid, signal.SIGKILL)
        async with asyncio.timeout(_SECONDS):
            while stub.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def is_ready(self) -> bool:
        return bool(await self.client.is_model_ready(_MODEL, client_timeout=5))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    grpc, metrics = free_ports(2)
    launch = launch_triton(MODEL_REPOSITORY, tmp_path, grpc=grpc, metrics=metrics)
    process = KeptProcess.start(
        "triton",
        launch.command,
        environment=launch.full_environment(),
        log=tmp_path / "triton.log",
    )
    server = Server(process, f"{LOOPBACK}:{grpc}")
    try:
        async with asyncio.timeout(_SECONDS):
            while not await _is_live(server.client):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await server.client.load_model(_MODEL, client_timeout=_SECONDS)
        yield server
    finally:
        await server.client.close()
        await process.stop()
        launch.forget_leftovers()


async def _is_live(client: InferenceServerClient) -> bool:
    with suppress(InferenceServerException):
        return bool(await client.is_server_live(client_timeout=2))
    return False


async def test_a_model_whose_process_died_is_unloaded_and_can_be_loaded_again(
    server: Server,
) -> None:
    stubs = Stubs(server.address)
    assert await stubs.forget_dead_models(server.program) == []
    assert await stubs.forget_dead_models(server.program) == []
    await server.kill_stub()
    assert await server.is_ready()  # it does not notice
    assert await stubs.forget_dead_models(server.program) == []  # it may be on its way
    assert await stubs.forget_dead_models(server.program) == [_MODEL]
    await server.client.load_model(_MODEL, client_timeout=_SECONDS)
    assert psutil.Process(server.program).children()
    assert await stubs.forget_dead_models(server.program) == []


async def test_a_triton_that_is_away_has_no_dead_models() -> None:
    stubs = Stubs(f"{LOOPBACK}:{free_ports(1)[0]}")
    assert await stubs.forget_dead_models(os.getpid()) == []
