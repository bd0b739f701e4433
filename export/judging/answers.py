"""Where answers come from: published models, as they are served."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

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


class MixedTrunks(ValueError):
    """Heads and trunk were not trained together, and are not served together."""


class Published:
    """The newest published version of every model, or that of ``versions``, by the model's name.

    Raises ``MixedTrunks``, and ``FileNotFoundError`` where a version is not there.
    """

    origins: Sequence[Mapping[str, Any]] = ()
    split_sha256s: frozenset[str] = frozenset()
    """Manifests do not say how the photos were split."""

    def __init__(self, repository: Path, versions: Mapping[str, int] | None = None) -> None:
        chosen = versions or {}
        folders = {
            model: repository / model / str(chosen[model])
            if model in chosen
            else _newest(repository / model)
            for model in contract.COMPONENTS
        }
        self.manifests = {name: _manifest(folder) for name, folder in folders.items()}
        _refuse_mixed(self.manifests)
        self._models = {name: load_compiled(f / MODEL_FILE) for name, f in folders.items()}

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
    def data_sha256s(self) -> set[str]:
        """Of the photos that the models were trained on, as far as their manifests say."""
        return {manifest.data_sha256 for manifest in self.manifests.values()}

    @property
    def input_size(self) -> int:
        return self.manifests[contract.TRUNK].input_size

    def threshold(self, model: str) -> float:
        """Below which it abstains; 0 for one that never does."""
        return self.manifests[model].abstain_below or 0.0


def _refuse_mixed(manifests: Mapping[str, Manifest]) -> None:
    trunk = manifests[contract.TRUNK].version
    others = [f"{m.model} {m.version} is of trunk {m.trunk_version}"
              for m in manifests.values() if m.trunk_version != trunk]  # fmt: skip
    if others:
        raise MixedTrunks(
            f"{'; '.join(others)}; the trunk is {trunk}: choose what fits by --versions MODEL=N"
        )


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
