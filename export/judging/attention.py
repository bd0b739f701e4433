"""Do attention maps show what a head's grade rests on? Two checks that a map can fail.

**Deletion and insertion** (Petsiuk et al., RISE, 2018): cell by cell, a photo with a finding is
replaced by a photo of a scalp without it, and the chance of a finding falls. It falls fastest where
the cells that matter go first; so the area under the fall is less in the map's order than in a
random one, and greatest in the map's order turned round. That last curve, read from its end, is the
map's insertion curve, and their areas are one. Cells of another scalp, for a blur would leave
redness red and make bare skin of hair.

**Randomised head** (Adebayo et al., Sanity Checks for Saliency Maps, 2018): a head of random
weights must look elsewhere. Were its maps like the trained head's, they would show the photo.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn

from export.judging.metrics import Floats

Photos = NDArray[np.uint8]
Look = Callable[[Photos], tuple[Floats, Floats]]
"""Photos ``[B, S, S, 3]`` to the chance of any finding ``[B]`` and attention ``[B, h, w]``."""

_STEPS: Final = 10
_RANDOM_HEADS: Final = 5
_MOST_COVERED: Final = 0.9


@dataclass(frozen=True, slots=True)
class Deletion:
    """Areas under the fall of the chance of a finding, means over the photos, 0 to 1.

    ``less_than_random``: share of the photos whose map did better than a random order.
    """

    photos: int
    by_map: float
    at_random: float
    turned_round: float
    less_than_random: float


def deletion(look: Look, photos: Photos, clear: Photos, *, seed: int = 0) -> Deletion:
    """Of photos with a finding, and as many without it (``clear``), ``[n, S, S, 3]``."""
    maps = look(photos)[1]
    strength = maps.reshape(len(maps), -1)
    chance = np.random.default_rng(seed).random(strength.shape)
    areas = [
        _area(look, photos, clear, order.reshape(maps.shape))
        for order in (strength, chance, -strength)
    ]
    by_map, at_random, turned_round = (float(area.mean()) for area in areas)
    less = float((areas[0] < areas[1]).mean())
    return Deletion(len(photos), by_map, at_random, turned_round, less)


def _area(look: Look, photos: Photos, clear: Photos, order: Floats) -> Floats:
    """``order`` [n, h, w]: the greatest goes first. Areas ``[n]`` by the trapezium rule."""
    chances = [look(mixed)[0] for mixed in _falling(photos, clear, order)]
    return np.asarray(np.trapezoid(np.stack(chances), dx=1 / _STEPS, axis=0))


def _falling(photos: Photos, clear: Photos, order: Floats) -> Iterator[Photos]:
    """``photos`` with more and more cells of ``clear``; none at first, all at the end."""
    count, height, width = order.shape
    places = (-order.reshape(count, -1)).argsort(axis=1, kind="stable").argsort(axis=1)
    ranks = places.reshape(order.shape)
    scale = (photos.shape[1] // height, photos.shape[2] // width)
    spread = ranks.repeat(scale[0], axis=1).repeat(scale[1], axis=2)[..., None]
    for step in range(_STEPS + 1):
        yield np.where(spread < height * width * step / _STEPS, clear, photos)


@torch.inference_mode()
def likeness_to_random(head: nn.Module, features: Tensor, *, seed: int = 0) -> float:
    """Mean rank correlation of the head's maps with those of randomised heads; about 0 is good.

    ``head`` takes features and returns the map as its second output.
    """
    trained = head(features)[1]
    torch.manual_seed(seed)
    heads = [randomised(head) for _ in range(_RANDOM_HEADS)]
    found = [rank_correlation(trained, other(features)[1]) for other in heads]
    return float(np.nanmean(found))


def randomised(head: nn.Module) -> nn.Module:
    """A copy in which every layer starts anew."""
    other = copy.deepcopy(head).eval()
    for module in other.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return other


def rank_correlation(one: Tensor, other: Tensor) -> Floats:
    """Spearman's, of maps ``[n, h, w]`` pair by pair; nan where a map is flat."""
    ranks = [rankdata(maps.flatten(1).numpy(), axis=1) for maps in (one, other)]
    centred = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    product = (centred[0] * centred[1]).sum(axis=1)
    norms = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    return np.where(norms > 0, product / np.where(norms > 0, norms, 1.0), np.nan)


@dataclass(frozen=True, slots=True)
class Pointing:
    """How the maps lie on what was drawn, means over the photos; nan where there are none.

    ``photos``: those of which lesions cover less than nine tenths: on the others no map can miss.
    ``hits``: the brightest cell holds a lesion (the pointing game; Zhang et al., 2016);
    ``chance``: a cell picked blindly does. ``mass``: share of the attention that lies on lesions;
    ``area``: their share of the photo, which is what evenly spread attention would have on them.
    """

    photos: int
    hits: float
    chance: float
    mass: float
    area: float


def pointing(maps: Floats, lesions: Floats) -> Pointing:
    """``maps`` [n, h, w] and ``lesions`` [n, h, w], what share of each cell they cover."""
    flat, covered = maps.reshape(len(maps), -1), lesions.reshape(len(maps), -1)
    can_miss = covered.mean(axis=1) < _MOST_COVERED
    flat, covered = flat[can_miss], covered[can_miss]
    if not len(flat):
        return Pointing(0, np.nan, np.nan, np.nan, np.nan)
    brightest = covered[np.arange(len(flat)), flat.argmax(axis=1)]
    total = flat.sum(axis=1)
    mass = (flat * covered).sum(axis=1) / np.where(total > 0, total, 1.0)
    return Pointing(
        photos=len(flat),
        hits=float((brightest > 0).mean()),
        chance=float((covered > 0).mean()),
        mass=float(mass.mean()),
        area=float(covered.mean()),
    )
