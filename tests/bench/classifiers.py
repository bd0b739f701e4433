"""Grading photos: one shared trunk in Triton, eager PyTorch in-process, six whole classifiers."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import InferInput
from tritonclient.grpc.aio import InferenceServerClient

from dupi.adapters.triton import TritonClient, open_triton
from dupi.vision import contract
from export.triton_configs import component_config, config_text
from tests.bench.figures import Table
from tests.bench.inputs import model_inputs
from tests.bench.ml_program import MlProgram, ml_program, run_ml
from tests.bench.rig import Rig
from tests.bench.timing import Load, drive, interleaved, load_row
from tests.support.triton import running_triton

TRITON: Final = "Triton, one trunk"
EAGER: Final = "eager, in-process"
SEPARATE: Final = "Triton, six trunks"

_PHOTOS: Final = 32
_TIMEOUT_S: Final = 60.0
_NOTES: Final = (
    "One photo a request. One trunk: scalp_severity (trunk and seven heads) through gRPC, by the",
    "platform's own client. Eager: the same weights in one process, a thread for each request at",
    "once, PyTorch's own threads. Six trunks: trunk and head in one TorchScript, six times, on the",
    "same backend; all six are asked for each photo.",
)

Photos = npt.NDArray[np.uint8]
Contender = Callable[[int], Awaitable[Load]]
"""Drives its thing with that many callers."""


@dataclass(frozen=True)
class TritonContender:
    """The ensemble, asked as the worker asks."""

    client: TritonClient
    photos: Photos
    seconds: float

    async def __call__(self, at_once: int) -> Load:
        return await drive(self._grade, at_once=at_once, seconds=self.seconds)

    async def _grade(self, caller: int) -> None:
        await self.client.classify(self.photos[caller % len(self.photos)], timeout=_TIMEOUT_S)


@dataclass(frozen=True)
class SeparateContender:
    """Six models, all asked at once for each photo."""

    client: InferenceServerClient
    photos: Photos
    seconds: float

    async def __call__(self, at_once: int) -> Load:
        return await drive(self._grade, at_once=at_once, seconds=self.seconds)

    async def _grade(self, caller: int) -> None:
        photo = self.photos[caller % len(self.photos)][np.newaxis]
        tensor = InferInput(contract.TRUNK_INPUT, list(photo.shape), "UINT8")
        tensor.set_data_from_numpy(photo)
        await asyncio.gather(*(self._ask(name, tensor) for name in separate_names()))

    async def _ask(self, name: str, tensor: InferInput) -> Any:
        answer = await self.client.infer(name, [tensor], client_timeout=_TIMEOUT_S)
        return answer.as_numpy(contract.HEAD_PROBABILITIES)


async def _eager(program: MlProgram, seconds: float, at_once: int) -> Load:
    return Load(**await program.ask(at_once=at_once, seconds=seconds))


async def measure(rig: Rig) -> list[Table]:
    async with _contenders(rig) as contenders:
        turns = {
            (at_once, name): partial(contender, at_once)
            for at_once in rig.scale.crowds
            for name, contender in contenders.items()
        }
        loads = await interleaved(turns, repeats=rig.scale.repeats)
    rows = [load_row(name, at_once, loads[at_once, name], "photos/s") for at_once, name in turns]
    return [Table("Grading a photo for six conditions", rows, _NOTES)]


@asynccontextmanager
async def _contenders(rig: Rig) -> AsyncIterator[Mapping[str, Contender]]:
    photos, seconds = model_inputs(rig.dice("classifiers"), _PHOTOS), rig.scale.seconds
    np.save(rig.folder / "photos.npy", photos)
    async with AsyncExitStack() as stack:
        triton = await stack.enter_async_context(
            open_triton(rig.triton_url, control_timeout=5, load_timeout=60)
        )
        separate = await stack.enter_async_context(_separate_triton(rig.folder / "separate"))
        program = await stack.enter_async_context(
            ml_program("eager", rig.folder / "photos.npy", log=rig.folder / "eager.log")
        )
        yield {
            TRITON: TritonContender(triton, photos, seconds),
            EAGER: partial(_eager, program, seconds),
            SEPARATE: SeparateContender(separate, photos, seconds),
        }


@asynccontextmanager
async def _separate_triton(folder: Path) -> AsyncIterator[InferenceServerClient]:
    """A Triton of its own that has loaded the six; their models are removed afterwards."""
    repository = folder / "repository"
    repository.mkdir(parents=True)
    try:
        await run_ml("separate", repository, log=folder / "export.log")
        _write_configs(repository)
        async with running_triton(repository, folder / "triton.log") as client:
            for name in separate_names():
                await client.load_model(name, client_timeout=_TIMEOUT_S)
            yield client
    finally:
        shutil.rmtree(repository)


def separate_names() -> tuple[str, ...]:
    return tuple(f"separate_{name}" for name in contract.HEADS)


def _write_configs(repository: Path) -> None:
    """A head's outputs and the trunk's input, batching and warm-up."""
    trunk = component_config(contract.TRUNK)
    from_trunk = {key: trunk[key] for key in ("input", "dynamic_batching", "model_warmup")}
    for name, head in zip(separate_names(), contract.HEADS, strict=True):
        config = component_config(head) | from_trunk | {"name": name}
        (repository / name / "config.pbtxt").write_text(config_text(config))
