"""One scalp photo: the layers from the skin outwards, each as much as its amount says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from export.data.drawing import hair, inflammation, nuisances, scaling, sebum, skin
from export.data.drawing.camera import photograph
from export.data.drawing.canvas import HEIGHT, WIDTH, Canvas, Floats, Points
from export.data.drawing.devices import Device
from export.data.drawing.follicles import Follicles, choose_left, kept_share, plant
from export.data.drawing.grades import Amounts, grades_of
from export.data.drawing.person import Person, fullness

_C = Condition
Lesions = Mapping[Condition, NDArray[np.bool_]]
WAYS: Mapping[Condition, tuple[str, ...]] = {
    _C.FINE_SCALING: scaling.FINE_WAYS,
    _C.EXCESS_SEBUM: sebum.WAYS,
    _C.INTERFOLLICULAR_ERYTHEMA: inflammation.REDNESS_WAYS,
    _C.FOLLICULAR_PUSTULES: inflammation.PUSTULE_WAYS,
    _C.DANDRUFF: scaling.FLAKE_WAYS,
    _C.HAIR_LOSS: skin.EMPTY_WAYS,
}
_SHOWN: Mapping[Condition, float] = {
    **dict.fromkeys(Condition, 0.5),
    _C.INTERFOLLICULAR_ERYTHEMA: 0.3,
    _C.HAIR_LOSS: 0.2,
}
"""Extent above which a place is called a lesion; of redness, as a share of the strongest."""


class Setting(StrEnum):
    """How the scalp lies before the device; the last two are hard to tell from no scalp."""

    USUAL = "usual"
    FULL_HAIR = "so much hair that little skin shows"
    HAIRLINE = "at the edge of the forehead"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is before the device, and what the photo is taken with."""

    amounts: Amounts
    person: Person
    site: ScalpSite
    device: Device
    setting: Setting = Setting.USUAL
    nuisances: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scalp:
    """``lesions``: where each condition was drawn, [height, width]; for hair loss, where hair is
    thinned. ``extents``: how much of it, 0 to 1 [height, width], also where it is too little for a
    grade."""

    photo: Image.Image
    lesions: Lesions
    extents: Mapping[Condition, Floats]


def draw_scalp(scene: Scene, rng: np.random.Generator, *, width: int = WIDTH) -> Scalp:
    """An RGB photo, 4:3, ``width`` pixels wide; the same ``rng`` state, the same photo.

    What is drawn of one condition takes no chance from the rest: the same scene without it is the
    same photo but for its lesions.
    """
    drawing = _Drawing(scene, rng, width)
    drawing.draw()
    lesions = {
        c: drawing.is_lesion(c) & (grade > Severity.NONE)
        for c, grade in grades_of(scene.amounts).items()
    }
    return Scalp(photograph(drawing.canvas, scene.device), lesions, drawing.extents)


class _Drawing:
    """A canvas, its scene, a source of chance for each condition, and the extents so far."""

    def __init__(self, scene: Scene, rng: np.random.Generator, width: int) -> None:
        self.scene = scene
        self.chances = {c: np.random.default_rng(rng.integers(2**62)) for c in Condition}
        self.ways = {c: WAYS[c][r.integers(len(WAYS[c]))] for c, r in self.chances.items()}
        self.canvas = Canvas(rng, width=width, magnification=scene.device.magnification)
        self.extents: dict[Condition, Floats] = {}
        self._plant()

    def amount(self, condition: Condition) -> tuple[float, str]:
        """How much is drawn of it, and in which way."""
        return self.scene.amounts[condition], self.ways[condition]

    def is_lesion(self, condition: Condition) -> NDArray[np.bool_]:
        """Redness is as strong as its amount says; the others are there or not."""
        extent = self.extents[condition]
        whole = extent.max() if condition is _C.INTERFOLLICULAR_ERYTHEMA else 1.0
        return np.asarray(extent > _SHOWN[condition] * whole)

    def draw(self) -> None:
        self._draw_ground()
        hairs, tones = self._grow()
        inflamed = self._draw_under_hair()
        hair.draw_strands(self.canvas, hairs, tones, self.canvas.rng.uniform(22, 60))
        self._draw_over_hair(hairs, inflamed)
        nuisances.add(self.canvas, nuisances.OVER_HAIR, self.scene.nuisances)

    def _plant(self) -> None:
        """Follicles, and which of their hairs are left."""
        full = fullness(self.scene.site) * (1.3 if self.scene.setting is Setting.FULL_HAIR else 1)
        planted = plant(self.canvas, self.scene.person, full)
        self.follicles = planted.without(_beyond_hairline(self.canvas, planted, self.scene.setting))
        with self.canvas.drawing_from(self.chances[_C.HAIR_LOSS]):
            kept = kept_share(self.canvas, self.scene.amounts[_C.HAIR_LOSS] / 100)
            self.left = choose_left(self.canvas, self.follicles, kept)
        self.extents[_C.HAIR_LOSS] = 1 - kept

    def _draw_ground(self) -> None:
        """Skin, redness, pigment, pores and the oily film."""
        canvas, places = self.canvas, self.follicles.places
        skin.draw_skin(canvas, self.scene.person.skin)
        with canvas.drawing_from(self.chances[_C.INTERFOLLICULAR_ERYTHEMA]):
            self.extents[_C.INTERFOLLICULAR_ERYTHEMA] = inflammation.draw_erythema(
                canvas, *self.amount(_C.INTERFOLLICULAR_ERYTHEMA), places
            )
        nuisances.add(canvas, nuisances.UNDER_HAIR, self.scene.nuisances)
        skin.draw_pores(canvas, places)
        with canvas.drawing_from(self.chances[_C.HAIR_LOSS]):
            skin.draw_empty(canvas, self._empty(), self.ways[_C.HAIR_LOSS], self.scene.person)
        with canvas.drawing_from(self.chances[_C.EXCESS_SEBUM]):
            oil = self.amount(_C.EXCESS_SEBUM)
            self.extents[_C.EXCESS_SEBUM] = sebum.draw_film(canvas, *oil, places)

    def _empty(self) -> Points:
        """Follicles that no hair is left in."""
        hairs = np.bincount(self.follicles.owners[self.left], minlength=len(self.follicles.places))
        return self.follicles.places[hairs == 0]

    def _grow(self) -> tuple[hair.Strands, Points]:
        """The hairs that are left, and their colours; those that are lost are grown as well, so
        that the others stay the same."""
        canvas, person = self.canvas, self.scene.person
        lost = self.scene.amounts[_C.HAIR_LOSS] / 100
        longer = 1.6 if self.scene.setting is Setting.FULL_HAIR else 1.0
        growth = hair.Growth(
            angles=hair.directions(canvas, self.follicles.places, self.scene.site, person),
            length=canvas.rng.uniform(1.7, 2.6) * longer,
            width=person.hair_width * (1 - 0.25 * lost),
            thin=0.04 + 0.6 * lost,
            curl=person.curl,
        )
        grown = hair.grow(canvas, self.follicles, growth)
        tones = hair.tones_of(canvas, len(grown), person)
        oil = sebum.clumping(*self.amount(_C.EXCESS_SEBUM))
        clumped = grown.clumped(self.chances[_C.EXCESS_SEBUM], oil, 0.9 * canvas.mm)
        return clumped.only(self.left), tones[self.left]

    def _draw_under_hair(self) -> Points:
        """The rings of inflamed follicles, whose places it returns, and half of the fine scale."""
        canvas, places = self.canvas, self.follicles.places
        with canvas.drawing_from(self.chances[_C.FOLLICULAR_PUSTULES]):
            count, way = self.amount(_C.FOLLICULAR_PUSTULES)
            inflamed = inflammation.choose(canvas, places, int(count), way)
            self.extents[_C.FOLLICULAR_PUSTULES] = inflammation.draw_halos(canvas, inflamed)
        with canvas.drawing_from(self.chances[_C.FINE_SCALING]):
            percent, way = self.amount(_C.FINE_SCALING)
            self.extents[_C.FINE_SCALING] = scaling.draw_fine_scale(
                canvas, percent / 2, way, scaling.rims(canvas, places)
            )
        return inflamed

    def _draw_over_hair(self, hairs: hair.Strands, inflamed: Points) -> None:
        """The other half of the fine scale, heads of pus, reflections and flakes."""
        canvas = self.canvas
        with canvas.drawing_from(self.chances[_C.FINE_SCALING]):
            percent, way = self.amount(_C.FINE_SCALING)
            above = scaling.draw_fine_scale(canvas, percent / 2, way, scaling.near_roots(hairs))
            self.extents[_C.FINE_SCALING] = np.maximum(self.extents[_C.FINE_SCALING], above)
        with canvas.drawing_from(self.chances[_C.FOLLICULAR_PUSTULES]):
            inflammation.draw_heads(canvas, inflamed, self.ways[_C.FOLLICULAR_PUSTULES])
        with canvas.drawing_from(self.chances[_C.EXCESS_SEBUM]):
            film = self.extents[_C.EXCESS_SEBUM]
            sebum.draw_reflections(canvas, film, *self.amount(_C.EXCESS_SEBUM))
        with canvas.drawing_from(self.chances[_C.DANDRUFF]):
            flakes = scaling.draw_flakes(canvas, *self.amount(_C.DANDRUFF), hairs)
            self.extents[_C.DANDRUFF] = flakes


def _beyond_hairline(canvas: Canvas, follicles: Follicles, setting: Setting) -> NDArray[np.bool_]:
    """Which follicles are left out, where one side of the frame is forehead."""
    angle, edge = canvas.rng.uniform(0, 2 * np.pi), canvas.rng.uniform(60, 160)
    if setting is not Setting.HAIRLINE:
        return np.zeros(len(follicles.places), bool)
    from_middle = follicles.places - np.array([WIDTH, HEIGHT]) / 2
    return np.asarray(from_middle @ np.array([np.cos(angle), np.sin(angle)]) > edge)
