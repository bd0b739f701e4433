"""Triton: the classifiers behind ``scalp_severity``, and which model versions it serves.

One long-lived gRPC client a server; every call has a deadline. What another try may cure (away,
full, timed out, a model that is being loaded or whose process died) is ``Unavailable``; a request
that Triton calls invalid is a fault of ours: ``RequestRefused``.

An inference is never cancelled: Triton before 24.12 may crash on a request that is cancelled at a
bad moment (its issue 7368). Whoever runs out of patience leaves, and the call ends by itself; how
many such calls there may be is bounded.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import numpy as np
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from dupi.adapters.triton_answers import (
    WANTED,
    Classification,
    Features,
    Grading,
    Map,
    ModelState,
    Pixels,
    RequestRefused,
    read_classification,
    read_grading,
)
from dupi.adapters.triton_roles import Classifier, ModelServer
from dupi.errors import Unavailable
from dupi.vision import contract as names

__all__ = [
    "Classification",
    "Classifier",
    "Features",
    "Grading",
    "Map",
    "ModelServer",
    "ModelState",
    "Pixels",
    "RequestRefused",
    "TritonClient",
    "open_triton",
]

_UNAVAILABLE: Final = "classifier"
LONGEST_INFERENCE_S: Final = 60.0
"""After that even an abandoned call is given up."""
_MAX_IN_FLIGHT: Final = 64
"""Calls that may wait for an answer, abandoned ones included: what the trunk's queue takes."""
_SILENCE_S: Final = 30.0
_OUR_FAULT: Final = ("StatusCode.INVALID_ARGUMENT", "StatusCode.UNIMPLEMENTED")
_CHANNEL_OPTIONS: Final = (
    # gRPC's own back-off grows to two minutes: a server that came back must be seen at once.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
)
_LIVENESS_OPTIONS: Final = tuple(
    f"grpc.{name}_ms" for name in ("keepalive_time", "keepalive_timeout", "http2.ping_timeout")
)


class TritonClient:
    """Classifier and ModelServer over gRPC. ``control_timeout`` and ``load_timeout``: seconds."""

    def __init__(
        self, client: InferenceServerClient, *, control_timeout: float, load_timeout: float
    ) -> None:
        self._client = client
        self._control_timeout = control_timeout
        self._load_timeout = load_timeout
        self._in_flight: set[asyncio.Future[Any]] = set()

    async def classify(
        self,
        image: Pixels,
        *,
        timeout: float,  # noqa: ASYNC109
        with_features: bool = False,
    ) -> Classification:
        wanted = (*WANTED, names.FEATURES) if with_features else WANTED
        photo = {names.IMAGE: image[np.newaxis]}
        answer = await self.infer(names.ENSEMBLE, "", photo, wanted, timeout=timeout)
        return read_classification(answer, with_features=with_features)

    async def grade(
        self,
        model: str,
        version: str,
        features: Features,
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Grading:
        given = {names.HEAD_INPUT: features[np.newaxis]}
        wanted = (names.HEAD_PROBABILITIES, names.HEAD_ATTENTION, names.HEAD_VERSION)
        answer = await self.infer(model, version, given, wanted, timeout=timeout)
        return read_grading(answer, model)

    async def infer(
        self,
        model: str,
        version: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Any:
        if len(self._in_flight) >= _MAX_IN_FLIGHT:
            raise Unavailable("classify: too many calls wait", reason=_UNAVAILABLE)
        call = asyncio.ensure_future(
            self._client.infer(
                model,
                [_tensor(name, value) for name, value in inputs.items()],
                model_version=version,
                outputs=[InferRequestedOutput(name) for name in outputs],
                client_timeout=max(timeout, LONGEST_INFERENCE_S),
            )
        )
        self._in_flight.add(call)
        call.add_done_callback(self._forget)
        try:
            async with asyncio.timeout(timeout):
                with _translated("classify"):
                    return await asyncio.shield(call)
        except TimeoutError as late:
            message = f"classify: not within {timeout:.1f} s"
            raise Unavailable(message, reason=_UNAVAILABLE) from late

    def _forget(self, call: asyncio.Future[Any]) -> None:
        self._in_flight.discard(call)
        if not call.cancelled():
            call.exception()  # of a call that nobody waits for any more

    async def is_live(self) -> bool:
        with _translated("is_live"):
            return bool(await self._client.is_server_live(client_timeout=self._control_timeout))

    async def is_ready(self, model: str, version: str = "") -> bool:
        patience = self._control_timeout
        with _translated("is_ready"):
            return bool(await self._client.is_model_ready(model, version, client_timeout=patience))

    async def index(self) -> list[ModelState]:
        patience = self._control_timeout
        with _translated("index"):
            answer = await self._client.get_model_repository_index(client_timeout=patience)
        return [
            ModelState(line.name, line.version, line.state, line.reason) for line in answer.models
        ]

    async def pinned_versions(self, ensemble: str) -> dict[str, int]:
        patience = self._control_timeout
        with _translated("pinned_versions"):
            answer = await self._client.get_model_config(ensemble, client_timeout=patience)
        steps = answer.config.ensemble_scheduling.step
        return {step.model_name: step.model_version for step in steps}

    async def load(self, model: str, config: Mapping[str, Any] | None = None) -> None:
        text = None if config is None else json.dumps(config)
        with _translated(f"load {model}"):
            await self._client.load_model(model, config=text, client_timeout=self._load_timeout)

    async def close(self) -> None:
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=self._control_timeout)
        await self._client.close()


@asynccontextmanager
async def open_triton(
    url: str, *, control_timeout: float, load_timeout: float, silence: float = _SILENCE_S
) -> AsyncIterator[TritonClient]:
    """A client of the server at ``url`` (``host:port``); connects with the first call.

    A connection that is silent for ``silence`` seconds, and then answers no ping for as long, is
    given up: for a host that is gone without a word, the kernel would wait a quarter of an hour.
    """
    liveness = [(option, round(silence * 1000)) for option in _LIVENESS_OPTIONS]
    channel = InferenceServerClient(url, channel_args=[*_CHANNEL_OPTIONS, *liveness])
    client = TritonClient(channel, control_timeout=control_timeout, load_timeout=load_timeout)
    try:
        yield client
    finally:
        await client.close()


def _tensor(name: str, value: np.ndarray) -> InferInput:
    kind = "UINT8" if value.dtype == np.uint8 else "FP32"
    tensor = InferInput(name, list(value.shape), kind)
    tensor.set_data_from_numpy(value)
    return tensor


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn Triton's failures into ours, the cause kept."""
    try:
        yield
    except InferenceServerException as error:
        message = f"{what}: {error.status()}: {error.message()}"
        if error.status() in _OUR_FAULT:
            raise RequestRefused(message) from error
        raise Unavailable(message, reason=_UNAVAILABLE) from error
