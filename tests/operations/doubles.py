"""A model server that remembers what it was told to load, and answers as the contract says."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dupi.adapters.triton import ModelState
from dupi.errors import Unavailable
from dupi.operations.models import Deployment
from dupi.vision import contract as names
from dupi.vision.ensemble import ensemble_config

Version = tuple[str, int]


class RememberingServer:
    """Loads at once, an ensemble after ``pinning_s``. ``restart`` forgets all; while ``away``,
    every call fails.

    ``broken`` cannot be loaded; ``lying`` are served, and say that they are another version.
    ``fresh``: versions that were not served before they were loaded.
    """

    def __init__(self) -> None:
        self.loaded: dict[str, Mapping[str, Any]] = {}
        self.loads: list[str] = []
        self.broken: set[Version] = set()
        self.lying: set[Version] = set()
        self.fresh: list[Version] = []
        self.away = False
        self.pinning_s = 0.0
        self._published: dict[str, list[int]] = {}

    @classmethod
    def at(cls, deployment: Deployment) -> "RememberingServer":
        """One that serves ``deployment`` already."""
        server = cls()
        for model, version in deployment.versions.items():
            server.loaded[model] = {"version_policy": {"specific": {"versions": [version]}}}
        config = ensemble_config(deployment.versions, deployment.input_size)
        server.loaded[names.ENSEMBLE] = config
        return server

    def published_meanwhile(self, model: str, *versions: int) -> None:
        """The model's folder is newer than what was loaded of it: with the next ensemble these are
        loaded in its place, as Triton does, unless the model itself is loaded before that."""
        self._published[model] = list(versions)

    def restart(self) -> None:
        self.loaded.clear()

    def versions(self, model: str) -> set[int]:
        config = self.loaded.get(model)
        return set(map(int, config["version_policy"]["specific"]["versions"])) if config else set()

    async def is_live(self) -> bool:
        self._look()
        return True

    async def is_ready(self, model: str, version: str = "") -> bool:
        self._look()
        if not version:
            return model in self.loaded
        return int(version) in self.versions(model)

    async def index(self) -> list[ModelState]:
        self._look()
        ready = [
            ModelState(model, str(version), "READY", "")
            for model in self.loaded
            if model != names.ENSEMBLE
            for version in self.versions(model)
        ]
        failed = [
            ModelState(model, str(version), "UNAVAILABLE", f"Internal: no {model} in /models/x")
            for model, version in self.broken
        ]
        return ready + failed

    async def pinned_versions(self, ensemble: str) -> dict[str, int]:
        self._look()
        steps = self.loaded[ensemble]["ensemble_scheduling"]["step"]
        return {step["model_name"]: step["model_version"] for step in steps}

    async def load(self, model: str, config: Mapping[str, Any] | None = None) -> None:
        self._look()
        if model == names.ENSEMBLE and not set(names.COMPONENTS) <= set(self.loaded):
            raise Unavailable("a step's model is not loaded")
        if model == names.ENSEMBLE:
            await asyncio.sleep(self.pinning_s)
        self.loads.append(model)
        wanted = dict(config or {})
        if model != names.ENSEMBLE:
            versions = wanted["version_policy"]["specific"]["versions"]
            if any((model, int(version)) in self.broken for version in versions):
                raise Unavailable(f"load {model}: no such file /models/{model}/model.pt")
            before = self.versions(model)
            self.fresh += [(model, int(one)) for one in versions if int(one) not in before]
            self._published.pop(model, None)
        for changed, newest in self._published.items() if model == names.ENSEMBLE else ():
            self.loaded[changed] = {"version_policy": {"specific": {"versions": newest}}}
        self.loaded[model] = wanted

    async def infer(
        self,
        model: str,
        version: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> "_Answer":
        self._look()
        if int(version) not in self.versions(model):
            raise Unavailable(f"{model} {version} is not loaded")
        said = int(version) + ((model, int(version)) in self.lying)
        [given] = inputs.values()
        return _Answer(_answers(model, said, given))

    def _look(self) -> None:
        if self.away:
            raise Unavailable("away", reason="classifier")


@dataclass
class _Answer:
    tensors: Mapping[str, np.ndarray]

    def as_numpy(self, name: str) -> np.ndarray:
        return self.tensors[name]


def _answers(model: str, version: int, given: np.ndarray) -> dict[str, np.ndarray]:
    said = np.array([[version]], dtype=np.int64)
    if model == names.TRUNK:
        cells = given.shape[1] // names.FEATURE_STRIDE
        features = np.zeros((1, names.FEATURE_CHANNELS, cells, cells), dtype=np.float32)
        return {
            names.TRUNK_FEATURES_FOR_CLIENTS: features,
            names.TRUNK_VERSION_OUTPUT: said,
        }
    if model == names.DOMAIN_HEAD:
        score = np.array([[0.9]], dtype=np.float32)
        return {names.DOMAIN_SCORE: score, names.DOMAIN_VERSION_OUTPUT: said}
    return {
        names.HEAD_PROBABILITIES: np.full((1, 4), 0.25, dtype=np.float32),
        names.HEAD_ATTENTION: np.zeros((1, *given.shape[2:]), dtype=np.float32),
        names.HEAD_VERSION: said,
    }
