"""Triton: the classifiers behind ``scalp_severity``, and which model versions it serves.

One long-lived gRPC client a process; every call has a deadline. What another try may cure (away,
full, timed out, a model that is being loaded or whose process died) is ``Unavailable``; a request
that Triton calls invalid is a fault of ours: ``RequestRefused``.

An inference is never cancelled: Triton before 24.12 may crash on a request that is cancelled at a
bad moment (its issue 7368). Whoever runs out of patience leaves, and the call ends by itself; how
many such calls there may be is bounded.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract as names

_UNAVAILABLE: Final = "classifier"
_INFER_TIMEOUT_S: Final = 60.0
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

Pixels = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]


class RequestRefused(RuntimeError):
    """Triton calls the request itself invalid: trying again would not help."""


@dataclass(frozen=True, slots=True)
class Grading:
    """What one head said: calibrated probabilities by grade, attention [h, w] from 0 to 1."""

    probabilities: tuple[float, ...]
    attention: Map
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class Classification:
    """What ``scalp_severity`` said about one photo; versions are those that answered."""

    gradings: Mapping[Condition, Grading]
    in_domain_score: float
    domain_version: str
    trunk_version: str


@dataclass(frozen=True, slots=True)
class ModelState:
    """A line of the repository's index; ``version`` is empty where nothing was ever loaded."""

    model: str
    version: str
    is_ready: bool
    reason: str


class Classifier(Protocol):
    async def classify(self, image: Pixels, *, timeout: float) -> Classification:  # noqa: ASYNC109
        """Grade one upright RGB photo, uint8 ``[S, S, 3]``, within ``timeout`` seconds.

        Raises Unavailable where another try may help, RequestRefused where not.
        """
        ...


class ModelServer(Protocol):
    """What deployments need of Triton. Every call raises Unavailable where it is away."""

    async def is_live(self) -> bool: ...

    async def is_ready(self, model: str, version: str = "") -> bool: ...

    async def index(self) -> list[ModelState]: ...

    async def pinned_versions(self, ensemble: str) -> dict[str, int]:
        """Version of every step that the loaded ensemble uses."""
        ...

    async def load(self, model: str, config: Mapping[str, Any] | None = None) -> None:
        """Load a model by its ``config.pbtxt``, or under this configuration in its place."""
        ...


class TritonClient:
    """Classifier and ModelServer over gRPC. ``control_timeout`` and ``load_timeout``: seconds."""

    def __init__(
        self, client: InferenceServerClient, *, control_timeout: float, load_timeout: float
    ) -> None:
        self._client = client
        self._control_timeout = control_timeout
        self._load_timeout = load_timeout
        self._in_flight: set[asyncio.Future[Any]] = set()

    async def classify(self, image: Pixels, *, timeout: float) -> Classification:  # noqa: ASYNC109
        if len(self._in_flight) >= _MAX_IN_FLIGHT:
            raise Unavailable("classify: too many calls wait", reason=_UNAVAILABLE)
        call = asyncio.ensure_future(self._infer(image, max(timeout, _INFER_TIMEOUT_S)))
        self._in_flight.add(call)
        call.add_done_callback(self._forget)
        try:
            async with asyncio.timeout(timeout):
                return _read_classification(await asyncio.shield(call))
        except TimeoutError as late:
            message = f"classify: not within {timeout:.1f} s"
            raise Unavailable(message, reason=_UNAVAILABLE) from late

    async def _infer(self, image: Pixels, client_timeout: float) -> Any:
        tensor = InferInput(names.IMAGE, [1, *image.shape], "UINT8")
        tensor.set_data_from_numpy(image[np.newaxis])
        with _translated("classify"):
            return await self._client.infer(
                names.ENSEMBLE,
                [tensor],
                outputs=[InferRequestedOutput(name) for name in _WANTED],
                client_timeout=client_timeout,
            )

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
            ModelState(line.name, line.version, line.state == "READY", line.reason)
            for line in answer.models
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


# The trunk's features (184 KiB a photo) are for shadows only: not asked for here.
_WANTED: Final = (
    *(
        output(condition)
        for condition in Condition
        for output in (names.probabilities_output, names.attention_output, names.version_output)
    ),
    names.IN_DOMAIN_SCORE,
    names.DOMAIN_VERSION,
    names.TRUNK_VERSION,
)


def _read_classification(answer: Any) -> Classification:
    def first(name: str) -> Any:
        return answer.as_numpy(name)[0]

    def grading(condition: Condition) -> Grading:
        return Grading(
            probabilities=tuple(float(p) for p in first(names.probabilities_output(condition))),
            attention=first(names.attention_output(condition)),
            model=names.head_name(condition),
            version=str(int(first(names.version_output(condition))[0])),
        )

    return Classification(
        gradings={condition: grading(condition) for condition in Condition},
        in_domain_score=float(first(names.IN_DOMAIN_SCORE)[0]),
        domain_version=str(int(first(names.DOMAIN_VERSION)[0])),
        trunk_version=str(int(first(names.TRUNK_VERSION)[0])),
    )


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
