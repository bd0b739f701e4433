"""A real Triton for tests, over a repository of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from api.local_stack.launches import launch_triton
from api.local_stack.ports import LOOPBACK, free_ports
from api.local_stack.processes import KeptProcess

_START_SECONDS = 60


@asynccontextmanager
async def running_triton(repository: Path, log: Path) -> AsyncIterator[InferenceServerClient]:
    """A client of a server that has loaded nothing yet."""
    grpc, metrics = free_ports(2)
    launch = launch_triton(repository, log.parent, grpc=grpc, metrics=metrics)
    server = KeptProcess.start(
        "triton", launch.command, environment=launch.full_environment(), log=log
    )
    client = InferenceServerClient(f"{LOOPBACK}:{grpc}")
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await _is_live(client):
                assert server.exit_status is None, server.log_tail(40)
                await asyncio.sleep(0.1)
        yield client
    finally:
        await client.close()
        await server.stop()
        launch.forget_leftovers()


async def _is_live(client: InferenceServerClient) -> bool:
    try:
        return bool(await client.is_server_live(client_timeout=2))
    except InferenceServerException:
        return False
