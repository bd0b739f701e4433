"""Answers of a training run, of any layout, before it is calibrated and published."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Condition
from dupi.vision.contract import Manifest
from export.judging.answers import Answer
from export.network import probabilities
from export.recipe import Recipe
from export.training.checkpoints import read_origin
from export.training.layouts import load_run, weights_of


class Trained:
    """The best weights of a run. ``origins``: where they come from, one a trunk.

    Raises ``FileNotFoundError`` where there are none, ``ValueError`` where a condition is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.origins: list[dict[str, Any]] = [read_origin(path) for path in weights_of(folder)]
        graded = {name for origin in self.origins for name in origin["conditions"]}
        if missing := ", ".join(sorted(set(Condition) - graded)):
            raise ValueError(f"{folder} does not grade {missing}: train all six to judge them")
        self._network = load_run(folder).eval()
        self.manifests: dict[str, Manifest] = {}

    @torch.inference_mode()
    def __call__(self, photos: NDArray[np.uint8]) -> Answer:
        logits, domain = self._network(torch.from_numpy(photos))
        graded = probabilities(logits, self._network.link)
        return graded.numpy(), torch.sigmoid(domain).numpy()

    @property
    def input_size(self) -> int:
        return Recipe.model_validate(self.origins[0]["recipe"]).size

    @property
    def data_sha256s(self) -> set[str]:
        """Of the photos that it was trained on."""
        return {origin["data_sha256"] for origin in self.origins}

    @property
    def split_sha256s(self) -> set[str]:
        """How they were split; "" where the weights do not say."""
        return {origin.get("split_sha256", "") for origin in self.origins}

    def threshold(self, _: str) -> float:
        """Nothing abstains before it is calibrated."""
        return 0.0
