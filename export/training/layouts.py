"""One run's trainings: a shared trunk, one model a condition, or an ensemble of trunks.

Only the shared layout is served (one trunk, seven heads). The two others are judged beside it:
:class:`Combined` answers for them as one network. To serve a trunk of an ensemble, release its own
folder.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from dupi.knowledge.vocabulary import Condition
from export.network import SOFTMAX, ScalpNetwork, probabilities
from export.recipe import Recipe
from export.training.checkpoints import BEST, read_best

_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Training:
    folder: Path
    recipe: Recipe
    conditions: tuple[Condition, ...] = tuple(Condition)


def trainings(recipe: Recipe, folder: Path) -> list[Training]:
    """What the recipe asks for, one after the other, each in a folder of its own."""
    if recipe.layout == "per_condition":
        return [Training(folder / c.value.lower(), recipe, (c,)) for c in recipe.conditions]
    if recipe.layout == "ensemble":
        return [
            Training(
                folder / f"member_{number}",
                recipe.model_copy(update=dict(member)),
                recipe.conditions,
            )
            for number, member in enumerate(recipe.members, start=1)
        ]
    return [Training(folder, recipe, recipe.conditions)]


class Combined(nn.Module):
    """Averaged probabilities of several networks, each of the conditions that it knows.

    The logits ``[B, 6, 4]`` are logarithms of the probabilities, so the link is softmax.
    """

    link = SOFTMAX

    def __init__(self, networks: list[ScalpNetwork]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        graded: dict[Condition, list[Tensor]] = {condition: [] for condition in Condition}
        scalp = []
        for network in self.networks:
            logits, domain = network(photos)
            answers = probabilities(logits, network.link)
            for column, condition in enumerate(network.conditions):
                graded[condition].append(answers[:, column])
            scalp.append(torch.sigmoid(domain))
        averages = [torch.stack(answers).mean(dim=0) for answers in graded.values() if answers]
        chance = torch.stack(scalp).mean(dim=0)
        return torch.stack(averages, dim=1).clamp_min(_LEAST).log(), torch.logit(chance, _LEAST)


def weights_of(folder: Path) -> list[Path]:
    """The best weights of a run, one file a trunk; ``FileNotFoundError`` where there are none."""
    if (folder / BEST).exists():
        return [folder / BEST]
    if parts := sorted(folder.glob(f"*/{BEST}")):
        return parts
    raise FileNotFoundError(f"{folder} holds no {BEST}")


def load_run(folder: Path) -> ScalpNetwork | Combined:
    """The best weights of a run as one network. Raises as ``weights_of``."""
    networks = [read_best(path) for path in weights_of(folder)]
    return networks[0] if (folder / BEST).exists() else Combined(networks)
