"""Triton's client where Triton is away. What it answers is tested on the running stack."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from dupi.adapters.triton import open_triton
from dupi.adapters.triton_config import component_config
from dupi.errors import Unavailable
from dupi.vision import contract as names

NOWHERE = "127.0.0.1:9"


async def test_a_server_that_is_away_is_unavailable() -> None:
    image = np.zeros((names.INPUT_SIZE, names.INPUT_SIZE, 3), dtype=np.uint8)
    async with open_triton(NOWHERE, control_timeout=1, load_timeout=1) as triton:
        with pytest.raises(Unavailable) as failure:
            await triton.classify(image, timeout=1)
        assert failure.value.reason == "classifier"
        for call in (triton.is_live, triton.index):
            with pytest.raises(Unavailable):
                await call()
        with pytest.raises(Unavailable):
            await triton.load(names.ENSEMBLE, {"name": names.ENSEMBLE})


class SlowServer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Answers late; a call that was cancelled is not counted."""

    answered = 0

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        await asyncio.sleep(0.5)
        self.answered += 1
        return service_pb2.ModelInferResponse()


async def test_impatience_ends_the_wait_and_not_the_call() -> None:
    image = np.zeros((names.INPUT_SIZE, names.INPUT_SIZE, 3), dtype=np.uint8)
    server, slow = grpc.aio.server(), SlowServer()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(slow, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with open_triton(f"127.0.0.1:{port}", control_timeout=5, load_timeout=1) as triton:
        with pytest.raises(Unavailable, match=r"not within 0\.1 s"):
            await triton.classify(image, timeout=0.1)
    assert slow.answered == 1
    await server.stop(None)


def test_a_component_is_served_in_just_the_versions_asked_for(tmp_path: Path) -> None:
    text = 'name: "m"\nbackend: "pytorch"\nversion_policy { latest { num_versions: 1 } }\n'
    (tmp_path / "config.pbtxt").write_text(text)
    config = component_config(tmp_path, {3, 2})
    assert list(config["version_policy"]) == ["specific"]
    assert [int(version) for version in config["version_policy"]["specific"]["versions"]] == [2, 3]
    assert config["backend"] == "pytorch"


def test_a_configuration_that_is_missing_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        component_config(tmp_path, [1])
