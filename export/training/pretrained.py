"""Fills a backbone with weights of a local folder, as transformers' ``save_pretrained`` writes it.

Nothing is fetched. The head of the model they were trained with is left over, which is as it should
be; what else does not fit is reported, and a folder of another model is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

_LEAST_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Loaded:
    """Names of tensors: taken over, missing (or of another shape) in the folder, left over."""

    taken: list[str]
    missing: list[str]
    left_over: list[str]

    def __str__(self) -> str:
        return (
            f"{len(self.taken)} tensors taken over; {len(self.missing)} missing"
            f"{_some(self.missing)}; {len(self.left_over)} left over{_some(self.left_over)}"
        )


def _some(names: list[str]) -> str:
    return f" ({', '.join(names[:4])}{' …' if len(names) > 4 else ''})" if names else ""


def load_pretrained(backbone: nn.Module, folder: Path) -> Loaded:
    """Raises ``ValueError`` where fewer than nine tenths of the backbone's tensors are there."""
    model = getattr(backbone, "model", backbone)
    own, found = model.state_dict(), _without_prefix(_read(folder), model)
    taken = {n: v for n, v in found.items() if n in own and v.shape == own[n].shape}
    report = Loaded(sorted(taken), sorted(own.keys() - taken.keys()), sorted(found.keys() - taken))
    if len(taken) < _LEAST_SHARE * len(own):
        raise ValueError(f"{folder} holds another model: {report}")
    model.load_state_dict(taken, strict=False)
    return report


def _read(folder: Path) -> dict[str, Tensor]:
    if (path := folder / "model.safetensors").exists():
        return load_file(path)
    return dict(torch.load(folder / "pytorch_model.bin", weights_only=True, map_location="cpu"))


def _without_prefix(found: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """A model with a head keeps the backbone below a name of its own (``resnet.``)."""
    prefix = f"{getattr(model, 'base_model_prefix', 'model')}."
    return {name.removeprefix(prefix): value for name, value in found.items()}
