"""The python-based backend serves TorchScript in a real Triton as the libtorch backend would."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from api.local_stack.paths import ML_PYTHON
from tests.support.triton import running_triton

_MAKE_MODEL = """
import sys, torch
class Toy(torch.nn.Module):
    def forward(self, first: torch.Tensor, second: torch.Tensor):
        if bool((first < 0).any()):
            raise RuntimeError("negative")
        return first * 2 + second, torch.full((first.shape[0], 1), int(7), dtype=torch.int64)
torch.jit.script(Toy()).save(sys.argv[1])
"""

_CONFIG = """
name: "toy"
backend: "pytorch"
max_batch_size: 8
input [
  { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 3 ] },
  { name: "INPUT__1" data_type: TYPE_FP32 dims: [ 3 ] }
]
output [
  { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 3 ] },
  { name: "OUTPUT__1" data_type: TYPE_INT64 dims: [ 1 ] }
]
instance_group [ { kind: KIND_CPU count: 1 } ]
dynamic_batching { max_queue_delay_microseconds: 20000 }
parameters { key: "INTRA_OP_THREAD_COUNT" value: { string_value: "1" } }
parameters { key: "ENABLE_JIT_PROFILING" value: { string_value: "false" } }
"""


@pytest.fixture(scope="module")
async def toy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[InferenceServerClient]:
    folder = tmp_path_factory.mktemp("repository") / "toy"
    (folder / "1").mkdir(parents=True)
    (folder / "config.pbtxt").write_text(_CONFIG)
    script = folder.parent / "make_toy.py"  # a file, for TorchScript reads the source
    script.write_text(_MAKE_MODEL)
    await asyncio.to_thread(
        subprocess.run, [ML_PYTHON, script, folder / "1" / "model.pt"], check=True
    )
    async with running_triton(folder.parent, folder.parent / "triton.log") as client:
        await client.load_model("toy", client_timeout=120)
        yield client


async def _infer(client: InferenceServerClient, value: float, rows: int, *outputs: str) -> Any:
    inputs = []
    for name, numbers in (("INPUT__0", value), ("INPUT__1", 1.0)):
        tensor = InferInput(name, [rows, 3], "FP32")
        tensor.set_data_from_numpy(np.full((rows, 3), numbers, np.float32))
        inputs.append(tensor)
    wanted = [InferRequestedOutput(name) for name in outputs]
    return await client.infer("toy", inputs, outputs=wanted or None, client_timeout=20)


async def test_it_answers_with_every_output(toy: InferenceServerClient) -> None:
    result = await _infer(toy, 3.0, 2)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT__0"), np.full((2, 3), 7.0))
    np.testing.assert_array_equal(result.as_numpy("OUTPUT__1"), [[7], [7]])


async def test_it_answers_with_the_outputs_that_are_asked_for(toy: InferenceServerClient) -> None:
    result = await _infer(toy, 3.0, 1, "OUTPUT__1")
    assert result.as_numpy("OUTPUT__0") is None
    np.testing.assert_array_equal(result.as_numpy("OUTPUT__1"), [[7]])


async def test_every_request_of_a_batch_gets_its_own_rows(toy: InferenceServerClient) -> None:
    sizes = [1, 3, 2, 1, 1, 2]
    results = await asyncio.gather(
        *(_infer(toy, float(number), size) for number, size in enumerate(sizes))
    )
    for number, (size, result) in enumerate(zip(sizes, results, strict=True)):
        expected = np.full((size, 3), number * 2 + 1.0)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT__0"), expected)


async def test_a_failing_batch_is_an_error_and_the_model_lives_on(
    toy: InferenceServerClient,
) -> None:
    with pytest.raises(InferenceServerException, match="negative"):
        await _infer(toy, -1.0, 1)
    assert (await _infer(toy, 1.0, 1)).as_numpy("OUTPUT__0")[0, 0] == 3.0


async def test_shared_memory_stays_shut(toy: InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException):
        await toy.get_system_shared_memory_status(client_timeout=5)
