"""A model server that remembers what it was told to load."""

from collections.abc import Mapping
from typing import Any

from dupi.adapters.triton import ModelState
from dupi.errors import Unavailable
from dupi.vision import contract as names


class RememberingServer:
    """Loads at once. ``restart`` forgets all; while ``away``, every call fails."""

    def __init__(self) -> None:
        self.loaded: dict[str, Mapping[str, Any]] = {}
        self.loads: list[str] = []
        self.away = False

    def restart(self) -> None:
        self.loaded.clear()

    async def is_live(self) -> bool:
        self._look()
        return True

    async def is_ready(self, model: str, version: str = "") -> bool:
        self._look()
        config = self.loaded.get(model)
        if config is None or not version:
            return config is not None
        return int(version) in map(int, config["version_policy"]["specific"]["versions"])

    async def index(self) -> list[ModelState]:
        self._look()
        return [ModelState(model, "", True, "") for model in self.loaded]

    async def pinned_versions(self, ensemble: str) -> dict[str, int]:
        self._look()
        steps = self.loaded[ensemble]["ensemble_scheduling"]["step"]
        return {step["model_name"]: step["model_version"] for step in steps}

    async def load(self, model: str, config: Mapping[str, Any] | None = None) -> None:
        self._look()
        if model == names.ENSEMBLE and not set(names.COMPONENTS) <= set(self.loaded):
            raise Unavailable("a step's model is not loaded")
        self.loads.append(model)
        self.loaded[model] = config or {}

    def _look(self) -> None:
        if self.away:
            raise Unavailable("away", reason="classifier")
