"""What a run leaves behind, and how it is taken up again.

``checkpoint.pt`` holds everything that changes in training, ``best.safetensors`` the averaged
weights of the best epoch; both say where they come from (:mod:`export.training.origin`).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from dupi.knowledge.vocabulary import Condition
from export.network import ScalpNetwork, load_network
from export.recipe import Recipe
from export.training.origin import DATA, STARTS

CHECKPOINT: Final = "checkpoint.pt"
BEST: Final = "best.safetensors"
_ORIGIN: Final = "dupi_origin"
_MUST_AGREE: Final = ("recipe", "conditions", *DATA, *STARTS)
State = dict[str, Any]


class Stateful(Protocol):
    def state_dict(self) -> State: ...

    def load_state_dict(self, state: State, /) -> object: ...


class OtherRun(ValueError):
    """The folder holds a run of another recipe, of other photos or from another start."""


def save_checkpoint(
    path: Path, parts: Mapping[str, Stateful], progress: State, origin: State
) -> None:
    """Whole or not at all: written beside and moved in."""
    state: State = {name: part.state_dict() for name, part in parts.items()}
    state["progress"], state["origin"] = json.dumps(progress), json.dumps(origin)
    torch.save(state, path.with_suffix(".partial"))
    path.with_suffix(".partial").replace(path)


def resume(path: Path, parts: Mapping[str, Stateful], origin: State) -> State:
    """Fills ``parts``; returns the progress. Raises ``OtherRun``."""
    state = torch.load(path, weights_only=True, map_location="cpu")
    found = json.loads(state["origin"])
    for name in _MUST_AGREE:
        if found.get(name) != origin[name]:
            raise OtherRun(f"{path.parent} was begun with another {name}; take another folder")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return dict(json.loads(state["progress"]))


def save_best(path: Path, network: nn.Module, origin: State) -> None:
    """Whole or not at all, as a checkpoint."""
    tensors = {name: value.detach().cpu().contiguous()
               for name, value in network.state_dict().items()}  # fmt: skip
    save_file(tensors, path.with_suffix(".partial"), metadata={_ORIGIN: json.dumps(origin)})
    path.with_suffix(".partial").replace(path)


def read_origin(path: Path) -> State:
    """Of a file of weights; ``ValueError`` where it does not say."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if _ORIGIN not in metadata:
        raise ValueError(f"{path} does not say where it comes from")
    return dict(json.loads(metadata[_ORIGIN]))


def read_best(path: Path) -> ScalpNetwork:
    """The network as its recipe describes it, evaluating."""
    origin = read_origin(path)
    recipe = Recipe.model_validate(origin["recipe"])
    conditions = [Condition(name) for name in origin["conditions"]]
    return load_network(load_file(path), recipe.backbone, recipe.loss.link, conditions)
