"""Where answers come from: published models, as they are served."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from dupi.vision.contract import MANIFEST_FILE, Manifest
from export.data.items import STRANGERS, Item, Packed
from export.judging.judged import SCALP, Judged, kinds_of
from export.publish import MODEL_FILE
from export.wrap import load_compiled

_BATCH = 8

Answer = tuple[NDArray[np.floating], NDArray[np.floating]]
"""Probabilities ``[B, 6, 4]`` and in-domain scores ``[B]``."""


class Published:
    """The newest published version of every model."""

    def __init__(self, repository: Path) -> None:
        folders = {model: _newest(repository / model) for model in contract.COMPONENTS}
        self._models = {name: load_compiled(f / MODEL_FILE) for name, f in folders.items()}
        self.manifests = {name: _manifest(folder) for name, folder in folders.items()}

    @torch.inference_mode()
    def __call__(self, photos: NDArray[np.uint8]) -> Answer:
        features = self.features(photos)
        graded = [self.grade(features, condition)[0] for condition in Condition]
        score = self._models[contract.DOMAIN_HEAD](features)[0]
        return torch.stack(graded, dim=1).numpy(), score[:, 0].numpy()

    @torch.inference_mode()
    def features(self, photos: NDArray[np.uint8]) -> torch.Tensor:
        """What the trunk sees in photos uint8 ``[B, S, S, 3]``."""
        return cast(torch.Tensor, self._models[contract.TRUNK](torch.from_numpy(photos))[0])

    @torch.inference_mode()
    def grade(
        self, features: torch.Tensor, condition: Condition
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities ``[B, 4]`` and attention ``[B, h, w]``."""
        graded, attention, _ = self._models[contract.head_name(condition)](features)
        return graded, attention

    @property
    def input_size(self) -> int:
        return self.manifests[contract.TRUNK].input_size

    def threshold(self, model: str) -> float:
        """Below which it abstains; 0 for one that never does."""
        return self.manifests[model].abstain_below or 0.0


def _newest(folder: Path) -> Path:
    return max((p for p in folder.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))


def _manifest(folder: Path) -> Manifest:
    return Manifest(**json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8")))


def judge(
    models: Callable[[NDArray[np.uint8]], Answer], packed: Packed, kinds: Sequence[str]
) -> Judged:
    """``kinds``: of every photo, as ``kind_of`` tells it."""
    starts = track(range(0, len(packed), _BATCH), "grading")
    # copies: torch will not take what cannot be written to, as a mapped file
    parts = [models(np.array(packed.photos[start : start + _BATCH])) for start in starts]
    graded, domain = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Judged(
        true=packed.grades,
        probabilities=graded.astype(np.float64),
        domain=domain.astype(np.float64),
        groups=packed.groups,
        devices=packed.devices,
        sites=packed.sites,
        ages=packed.ages,
        genders=packed.genders,
        kinds=kinds_of(packed.grades, kinds),
    )


def kind_of(item: Item) -> str:
    """``SCALP``, or the folder that a stranger lies in."""
    folder = item.path.parent.name
    if item.grades:
        return SCALP
    return "of mixed kinds" if folder == STRANGERS else folder
