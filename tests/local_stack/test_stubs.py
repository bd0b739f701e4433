"""A classifier of which a process died is loaded again: on a real Triton, with one real head."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from tritonclient.grpc import InferInput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from api.local_stack import stubs as stubs_module
from api.local_stack.launches import launch_triton
from api.local_stack.paths import MODEL_REPOSITORY
from api.local_stack.ports import LOOPBACK, free_ports
from api.local_stack.processes import KeptProcess
from api.local_stack.stubs import Stubs
from dupi.adapters.triton_config import component_config
from dupi.vision import contract
from tests.support.models import newest_version

_MODEL = "severity_hair_loss"
_SECONDS = 120
_ABORTED, _ABORTS_WITHIN_S = 134, 5.0


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
        version = newest_version(MODEL_REPOSITORY, _MODEL)
        config = component_config(MODEL_REPOSITORY / _MODEL, [version])
        config["instance_group"] = [{"count": instances}]
        try:
            await self.client.load_model(_MODEL, config=json.dumps(config), client_timeout=_SECONDS)
        except InferenceServerException:
            # Triton 2.51 aborts where a process that it starts gets no turn for seconds; a stack
            # starts it again, and what is tested here ended with it.
            if await self.process.wait(_ABORTS_WITHIN_S) == _ABORTED:
                pytest.skip("Triton aborted while it loaded, as it does on an overloaded machine")
            raise
        assert len(self.stubs()) >= instances

    def stubs(self) -> list[psutil.Process]:
        """Those that live, the newest last."""
        children = psutil.Process(self.program).children()
        living = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return sorted(living, key=lambda child: child.create_time())

    async def kill_stub_at_work(self) -> None:
        """While it has a request: Triton never gets over that, and keeps the others as they are."""
        stub = self.stubs()[0]
        stub.suspend()
        asked = [asyncio.create_task(self._ask()) for _ in range(4)]
        await asyncio.sleep(0.3)
        await self.kill(stub)
        await asyncio.gather(*asked, return_exceptions=True)

    async def _ask(self) -> None:
        features = np.zeros((1, contract.FEATURE_CHANNELS, 10, 10), np.float32)
        tensor = InferInput(contract.HEAD_INPUT, list(features.shape), "FP32")
        tensor.set_data_from_numpy(features)
        await self.client.infer(_MODEL, [tensor], client_timeout=10)

    async def kill(self, stub: psutil.Process) -> None:
        """Triton keeps what is left of it as a zombie, until the model is unloaded."""
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
    await server.kill(server.stubs()[0])
    assert await server.is_ready()  # it does not notice
    assert await stubs.forget_dead_models(server.program) == []  # it may be on its way
    assert await stubs.forget_dead_models(server.program) == [_MODEL]
    await server.load(instances)
    assert await stubs.forget_dead_models(server.program) == []
    assert await stubs.forget_dead_models(server.program) == []


async def test_what_triton_leaves_of_an_unloaded_model_is_not_counted_and_ends(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stubs_module, "_LINGER_SECONDS", 5.0)
    stubs = Stubs(server.address)
    await server.load(2)
    await server.kill_stub_at_work()
    await _forget(stubs, server)
    await server.load(2)
    assert len(server.stubs()) == 3, "Triton ends the other one: this test tests nothing"
    await server.kill(server.stubs()[-1])
    await _forget(stubs, server)
    await server.load(2)
    async with asyncio.timeout(_SECONDS):
        while len(server.stubs()) > 2:
            assert await stubs.forget_dead_models(server.program) == []
            await asyncio.sleep(0.2)
    assert await server.is_ready()


async def test_what_is_left_of_an_earlier_load_does_not_stand_for_a_process_that_died(
    server: Server,
) -> None:
    """Also where somebody else unloaded the model, so that nothing is known of what is left."""
    stubs = Stubs(server.address)
    await server.load(2)
    await server.kill_stub_at_work()
    await server.client.unload_model(_MODEL, client_timeout=_SECONDS)
    await server.load(2)
    assert len(server.stubs()) == 3, "Triton ends the other one: this test tests nothing"
    assert await stubs.forget_dead_models(server.program) == []
    await server.kill(server.stubs()[-1])
    await _forget(stubs, server)


async def _forget(stubs: Stubs, server: Server) -> None:
    assert await stubs.forget_dead_models(server.program) == []
    assert await stubs.forget_dead_models(server.program) == [_MODEL]


async def test_a_triton_that_is_away_has_no_dead_models() -> None:
    stubs = Stubs(f"{LOOPBACK}:{free_ports(1)[0]}")
    assert await stubs.forget_dead_models(os.getpid()) == []
