"""What the platform asks of Triton: to grade (a classifier), to serve versions (a model server)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from dupi.adapters.triton_answers import Classification, Features, Grading, ModelState, Pixels


class Classifier(Protocol):
    async def classify(
        self,
        image: Pixels,
        *,
        timeout: float,  # noqa: ASYNC109
        with_features: bool = False,
    ) -> Classification:
        """Grade one upright RGB photo, uint8 ``[S, S, 3]``, within ``timeout`` seconds.

        Raises Unavailable where another try may help, RequestRefused where not.
        """
        ...

    async def grade(
        self,
        model: str,
        version: str,
        features: Features,
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Grading:
        """What one version of one head says to features ``[C, h, w]``. Raises as ``classify``."""
        ...


class ModelServer(Protocol):
    """What deployments need of one Triton. Every call raises Unavailable where it is away."""

    async def is_live(self) -> bool: ...

    async def is_ready(self, model: str, version: str = "") -> bool: ...

    async def index(self) -> list[ModelState]: ...

    async def pinned_versions(self, ensemble: str) -> dict[str, int]:
        """Version of every step that the loaded ensemble uses."""
        ...

    async def load(self, model: str, config: Mapping[str, Any] | None = None) -> None:
        """Load a model by its ``config.pbtxt``, or under this configuration in its place."""
        ...

    async def infer(
        self,
        model: str,
        version: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Any:
        """The answer of one version of one model to a batch; ``as_numpy(name)`` reads it."""
        ...
