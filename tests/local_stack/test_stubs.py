"""A classifier of which a process died is loaded again: on a real Triton, with one real head."""

import asyncio
import json
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
from dupi.adapters.triton_config import component_config

_MODEL = "severity_hair_loss"
_SECONDS = 120


class Server:
    """A Triton that is to hold one model."""

    def __init__(self, process: KeptProcess, address: str) -> None:
        self.process = process
        self.address = address
        self.client = InferenceServerClient(address)

    @property
    def program(self) -> int:
        [pid] = self.process.program_pids()
        return pid

    async def load(self, instances: int) -> None:
        """With so many processes."""
        config = component_config(MODEL_REPOSITORY / _MODEL, [1])
        config["instance_group"] = [{"count": instances}]
        await self.client.load_model(_MODEL, config=json.dumps(config), client_timeout=_SECONDS)
        assert len(psutil.Process(self.program).children()) == instances

    async def kill_one_stub(self) -> None:
        """Triton keeps what is left of it as a zombie, until the model is unloaded."""
        stub, *_ = psutil.Process(self.program).children()
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
        yield server
    finally:
        await server.client.close()
        await process.stop()
        launch.forget_leftovers()


async def _is_live(client: InferenceServerClient) -> bool:
    with suppress(InferenceServerException):
        return bool(await client.is_server_live(client_timeout=2))
    return False


@pytest.mark.parametrize("instances", [1, 2])
async def test_a_model_whose_process_died_is_unloaded_and_can_be_loaded_again(
    server: Server, instances: int
) -> None:
    """Also where another instance of it lives on."""
    stubs = Stubs(server.address)
    await server.load(instances)
    assert await stubs.forget_dead_models(server.program) == []
    assert await stubs.forget_dead_models(server.program) == []
    await server.kill_one_stub()
    assert await server.is_ready()  # it does not notice
    assert await stubs.forget_dead_models(server.program) == []  # it may be on its way
    assert await stubs.forget_dead_models(server.program) == [_MODEL]
    await server.load(instances)
    assert await stubs.forget_dead_models(server.program) == []
    assert await stubs.forget_dead_models(server.program) == []


async def test_a_triton_that_is_away_has_no_dead_models() -> None:
    stubs = Stubs(f"{LOOPBACK}:{free_ports(1)[0]}")
    assert await stubs.forget_dead_models(os.getpid()) == []
