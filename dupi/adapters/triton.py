"""Triton: the classifiers behind ``scalp_severity``, and which model versions it serves.

One long-lived gRPC client a process; every call has a deadline. What another try may cure (away,
full, timed out, a model that is being loaded or whose process died) is ``Unavailable``; a request
that Triton calls invalid is a fault of ours: ``RequestRefused``.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from google.protobuf import json_format, text_format
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.utils import InferenceServerException

from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract as names

_UNAVAILABLE: Final = "classifier"
_OUR_FAULT: Final = ("StatusCode.INVALID_ARGUMENT", "StatusCode.UNIMPLEMENTED")
_CHANNEL_OPTIONS: Final = [
    # gRPC's own back-off grows to two minutes: a server that came back must be seen at once.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
]

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

    async def load(self, model: str, config: Mapping[str, Any]) -> None:
        """Load a model under this configuration, in place of its ``config.pbtxt``."""
        ...


class TritonClient:
    """Classifier and ModelServer over gRPC. ``control_timeout`` and ``load_timeout``: seconds."""

    def __init__(
        self, client: InferenceServerClient, *, control_timeout: float, load_timeout: float
    ) -> None:
        self._client = client
        self._control_timeout = control_timeout
        self._load_timeout = load_timeout

    async def classify(self, image: Pixels, *, timeout: float) -> Classification:  # noqa: ASYNC109
        tensor = InferInput(names.IMAGE, [1, *image.shape], "UINT8")
        tensor.set_data_from_numpy(image[np.newaxis])
        with _translated("classify"):
            answer = await self._client.infer(
                names.ENSEMBLE,
                [tensor],
                outputs=[InferRequestedOutput(name) for name in _WANTED],
                client_timeout=timeout,
            )
        return _read_classification(answer)

    async def is_live(self) -> bool:
        with _translated("is_live"):
            return bool(await self._client.is_server_live(client_timeout=self._control_timeout))

    async def is_ready(self, model: str, version: str = "") -> bool:
        with _translated("is_ready"):
            return bool(
                await self._client.is_model_ready(
                    model, version, client_timeout=self._control_timeout
                )
            )

    async def index(self) -> list[ModelState]:
        with _translated("index"):
            answer = await self._client.get_model_repository_index(
                client_timeout=self._control_timeout
            )
        return [
            ModelState(line.name, line.version, line.state == "READY", line.reason)
            for line in answer.models
        ]

    async def pinned_versions(self, ensemble: str) -> dict[str, int]:
        with _translated("pinned_versions"):
            answer = await self._client.get_model_config(
                ensemble, client_timeout=self._control_timeout
            )
        steps = answer.config.ensemble_scheduling.step
        return {step.model_name: step.model_version for step in steps}

    async def load(self, model: str, config: Mapping[str, Any]) -> None:
        with _translated(f"load {model}"):
            await self._client.load_model(
                model, config=json.dumps(config), client_timeout=self._load_timeout
            )


@asynccontextmanager
async def open_triton(
    url: str, *, control_timeout: float, load_timeout: float
) -> AsyncIterator[TritonClient]:
    """A client of the server at ``url`` (``host:port``); connects with the first call."""
    client = InferenceServerClient(url, channel_args=_CHANNEL_OPTIONS)
    try:
        yield TritonClient(client, control_timeout=control_timeout, load_timeout=load_timeout)
    finally:
        await client.close()


def component_config(folder: Path, versions: Sequence[int]) -> dict[str, Any]:
    """A model's committed ``config.pbtxt``, with just these versions to be served.

    Raises Unavailable where the file is missing.
    """
    path = folder / "config.pbtxt"
    try:
        config = text_format.Parse(path.read_text(encoding="utf-8"), ModelConfig())
    except OSError as missing:
        raise Unavailable(f"{path}: {missing}", reason=_UNAVAILABLE) from missing
    config.version_policy.specific.versions[:] = versions
    fields: dict[str, Any] = json_format.MessageToDict(config, preserving_proto_field_name=True)
    return fields


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
