"""Skin, the redness between follicles and the oily film."""

import numpy as np
from PIL import Image, ImageDraw

from export.data.drawing.canvas import (
    HEIGHT,
    SMOOTH,
    WIDTH,
    Colour,
    Floats,
    Points,
    anywhere,
    blob,
    covering,
    drawn_mask,
    jittered,
    lay,
    mask_of,
    scaled,
    smooth_noise,
    softened,
)
from export.data.drawing.grades import SEBUM_REFLECTIONS

_SKIN_TONES: tuple[Colour, ...] = (
    (232, 204, 188),
    (226, 194, 174),
    (218, 184, 160),
    (236, 212, 198),
)


def draw_skin(rng: np.random.Generator) -> Image.Image:
    """Clear skin: a tone, slow shading and a fine grain."""
    tone = np.array(jittered(rng, _SKIN_TONES[rng.integers(len(_SKIN_TONES))], 4), np.float32)
    shading = 0.05 * (smooth_noise(rng, 4) - 0.5) + 0.05 * (smooth_noise(rng, 36) - 0.5)
    grain = 0.035 * (smooth_noise(rng, 150) - 0.5)
    light = (1.0 + shading + grain)[..., None]
    warmth = (smooth_noise(rng, 6) - 0.5)[..., None] * np.array([2.0, -2.0, -3.0], np.float32)
    return Image.fromarray(np.clip(tone * light + warmth, 0, 255).astype(np.uint8))


def draw_erythema(
    photo: Image.Image,
    strength: float,
    coverage: float,
    follicles: Points,
    rng: np.random.Generator,
) -> None:
    """Diffuse redness in patches, paler at the follicles, with fine vessels where it is strong."""
    if strength <= 0:
        return
    patches = covering(smooth_noise(rng, 5), coverage, 0.28)
    mottled = patches * (0.78 + 0.22 * smooth_noise(rng, 30))
    mottled *= 1.0 - 0.55 * _around(follicles)
    lay(photo, jittered(rng, (204, 70, 66), 4), mask_of(mottled), 0.72 * strength)
    vessels = drawn_mask(lambda draw: _vessels(draw, round(26 * strength**2), rng), blur=0.7)
    lay(photo, (178, 44, 48), vessels, 0.55)


def _around(follicles: Points) -> Floats:
    def halos(draw: ImageDraw.ImageDraw) -> None:
        for x, y in follicles * SMOOTH:
            draw.ellipse((x - 30, y - 30, x + 30, y + 30), fill=255)

    return np.asarray(drawn_mask(halos, blur=5), np.float32) / 255.0


def _vessels(draw: ImageDraw.ImageDraw, count: int, rng: np.random.Generator) -> None:
    for start in anywhere(rng, count):
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.5, 9))
        steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * rng.uniform(5, 9)
        draw.line(scaled(start + np.cumsum(steps, axis=0)), fill=220, width=3, joint="curve")


def draw_oily_film(photo: Image.Image, coverage: float, rng: np.random.Generator) -> Floats | None:
    """A yellowish, wet film over ``coverage`` of the skin; returns where it lies (0 to 1)."""
    if coverage <= 0:
        return None
    film = covering(smooth_noise(rng, 5), coverage, 0.16)
    lay(photo, jittered(rng, (226, 186, 92), 4), mask_of(film), 0.42)
    ripples = covering(smooth_noise(rng, 26), 0.22, 0.22) * film
    lay(photo, (255, 240, 196), mask_of(ripples), 0.34)
    return film


def draw_reflections(
    photo: Image.Image, film: Floats, coverage: float, rng: np.random.Generator
) -> None:
    """Wet reflections: a glow, a soft pool and a sharp glint in it, on the film and the hairs."""
    places = _within(film, round(SEBUM_REFLECTIONS * coverage), rng)
    radii = 3.2 + rng.gamma(2.0, 1.3, len(places))

    def pools(draw: ImageDraw.ImageDraw, size: float) -> None:
        for place, radius in zip(places, radii * size, strict=True):
            outline = blob(rng, place, radius, stretch=rng.uniform(1.1, 1.9), roughness=0.3)
            draw.polygon(scaled(outline), fill=255)

    pool = drawn_mask(lambda draw: pools(draw, 1.25), blur=2.5)
    lay(photo, (255, 236, 180), softened(pool, 10), 0.8)
    lay(photo, (255, 246, 214), pool, 0.62)
    lay(photo, (255, 255, 250), drawn_mask(lambda draw: pools(draw, 0.5), blur=1), 0.95)


def _within(film: Floats, count: int, rng: np.random.Generator) -> Points:
    candidates = anywhere(rng, count * 12, margin=6)
    columns = np.minimum(candidates[:, 0].astype(int), WIDTH - 1)
    rows = np.minimum(candidates[:, 1].astype(int), HEIGHT - 1)
    return candidates[film[rows, columns] > 0.6][:count]
