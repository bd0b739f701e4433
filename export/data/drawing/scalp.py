"""One scalp photo from its grades."""

import numpy as np
from PIL import Image

from export.data.drawing import hair, lesions, skin
from export.data.drawing.camera import photograph
from export.data.drawing.canvas import Points
from export.data.drawing.grades import Amounts, Grades

_SHARE_WITH_PUS = 0.67


def draw_scalp(grades: Grades, rng: np.random.Generator) -> Image.Image:
    """A 640 × 480 RGB photo of a scalp with these grades; the same ``rng`` state, the same photo.

    Layers from the skin outwards: redness, pores, oil, inflammation, flakes, hairs, clumps.
    """
    amounts = Amounts.of(grades, rng)
    follicles = hair.plant_follicles(rng, amounts.hair_density)
    inflamed = _choose(follicles.inside(), amounts.inflamed_follicles, rng)
    clumps = lesions.dandruff_places(amounts.dandruff_clumps, rng)
    photo = skin.draw_skin(rng)
    skin.draw_erythema(
        photo, amounts.erythema_strength, amounts.erythema_coverage, follicles.places, rng
    )
    hair.draw_pores(photo, follicles, rng)
    film = skin.draw_oily_film(photo, amounts.sebum_coverage, rng)
    lesions.draw_inflamed_follicles(photo, inflamed, rng)
    lesions.draw_fine_flakes(photo, amounts.fine_flakes * 2 // 3, rng)
    hair.draw_hairs(photo, follicles, amounts.hair_thickness, rng)
    lesions.draw_fine_flakes(photo, amounts.fine_flakes - amounts.fine_flakes * 2 // 3, rng)
    lesions.draw_pus_heads(photo, inflamed[: round(len(inflamed) * _SHARE_WITH_PUS)], rng)
    if film is not None:
        skin.draw_reflections(photo, film, amounts.sebum_coverage, rng)
    lesions.draw_dandruff(photo, clumps, rng)
    return photograph(photo, rng)


def _choose(places: Points, count: int, rng: np.random.Generator) -> Points:
    return places[rng.permutation(len(places))[:count]]
