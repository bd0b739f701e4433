"""Whose scalp it is: skin, hair and how it grows at the four sites."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dupi.knowledge.vocabulary import ScalpSite
from export.data.drawing.canvas import Colour, jittered

SKINS: Final[Mapping[str, tuple[float, Colour]]] = {
    "II": (0.22, (238, 208, 192)),
    "III": (0.40, (224, 188, 162)),
    "IV": (0.20, (198, 154, 124)),
    "V": (0.11, (156, 112, 86)),
    "VI": (0.07, (112, 78, 60)),
}
"""Fitzpatrick's types: how often each is drawn, and its colour in a microscope's light."""

HAIRS: Final[Mapping[str, tuple[float, Colour]]] = {
    "black": (0.44, (34, 30, 32)),
    "dark brown": (0.28, (58, 42, 34)),
    "brown": (0.13, (98, 68, 46)),
    "grey": (0.09, (160, 158, 156)),
    "dyed": (0.06, (142, 74, 44)),
}
_DYES: tuple[Colour, ...] = ((142, 74, 44), (178, 128, 72), (120, 40, 52), (64, 60, 96))

_FULLNESS: Mapping[ScalpSite, float] = {
    ScalpSite.CROWN: 1.0, ScalpSite.LEFT: 0.95, ScalpSite.RIGHT: 0.95, ScalpSite.BACK: 1.06,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """``hair_width`` in mm; ``spacing`` of follicles in mm; ``curl``: 0 is straight, 1 is curly;
    ``grey``: share of hairs that have lost their colour; ``lean``: where hair lies, in radians."""

    skin_type: str
    skin: Colour
    hair_type: str
    hair: Colour
    grey: float
    hair_width: float
    spacing: float
    curl: float
    lean: float


def some_person(rng: np.random.Generator) -> Person:
    skin_type = _pick(rng, {kind: share for kind, (share, _) in SKINS.items()})
    hair_type = _pick(rng, {kind: share for kind, (share, _) in HAIRS.items()})
    if skin_type in {"V", "VI"}:
        hair_type = "grey" if hair_type == "grey" else "black"
    hair = HAIRS[hair_type][1] if hair_type != "dyed" else _DYES[rng.integers(len(_DYES))]
    some_grey = rng.uniform(0.05, 0.3) if rng.random() < 0.25 else 0.0
    return Person(
        skin_type=skin_type,
        skin=jittered(rng, SKINS[skin_type][1], 5),
        hair_type=hair_type,
        hair=jittered(rng, hair, 6),
        grey=rng.uniform(0.6, 1.0) if hair_type == "grey" else some_grey,
        hair_width=rng.uniform(0.062, 0.086),
        spacing=rng.uniform(0.94, 1.05),
        curl=float(rng.choice([0.0, 0.3, 1.0], p=[0.62, 0.28, 0.10])) * rng.uniform(0.6, 1.2),
        lean=rng.normal(0, 0.35),
    )


def _pick(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def fullness(site: ScalpSite) -> float:
    """Hairs at this site, against the crown's."""
    return _FULLNESS[site]


_LEANS: Mapping[ScalpSite, float] = {
    ScalpSite.CROWN: 0.0, ScalpSite.LEFT: 0.75 * np.pi, ScalpSite.RIGHT: 0.25 * np.pi,
    ScalpSite.BACK: 0.5 * np.pi,
}  # fmt: skip


def lean_at(site: ScalpSite, person: Person, rng: np.random.Generator) -> float:
    """Where hairs lie: backwards at the sides, down at the back; anywhere on the crown."""
    if site is ScalpSite.CROWN:
        return float(rng.uniform(0, 2 * np.pi))
    return _LEANS[site] + person.lean + float(rng.normal(0, 0.3))
