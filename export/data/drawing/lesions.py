"""Flakes, clumps and inflamed follicles."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from export.data.drawing.canvas import (
    SMOOTH,
    Colour,
    Points,
    anywhere,
    blob,
    drawn_mask,
    jittered,
    lay,
    mask_of,
    scaled,
    smooth_noise,
    softened,
)


def draw_fine_flakes(photo: Image.Image, count: int, rng: np.random.Generator) -> None:
    """Thin, pale, slightly lifted flakes scattered over the skin."""
    places = anywhere(rng, count)

    def flakes(draw: ImageDraw.ImageDraw) -> None:
        for place in places:
            outline = blob(
                rng,
                place,
                rng.uniform(2.0, 3.6),
                stretch=rng.uniform(1.5, 2.6),
                roughness=0.4,
                corners=8,
            )
            draw.polygon(scaled(outline), fill=int(rng.uniform(205, 255)))

    _lay_lifted(photo, drawn_mask(flakes), (250, 249, 246), shadow=0.35)


def _lay_lifted(photo: Image.Image, mask: Image.Image, colour: Colour, *, shadow: float) -> None:
    below = softened(ImageChops.offset(mask, 1, 2), 1.2)
    lay(photo, (120, 84, 70), below, shadow)
    lay(photo, colour, mask)


def draw_dandruff(photo: Image.Image, places: Points, rng: np.random.Generator) -> None:
    """Thick clumps of overlapping scales, white to yellowish, with a rough surface."""
    if not len(places):
        return

    def clumps(draw: ImageDraw.ImageDraw) -> None:
        for place in places:
            for outline in _scales(place, rng):
                draw.polygon(scaled(outline), fill=255)

    mask = drawn_mask(clumps, blur=0.5)
    below = softened(ImageChops.offset(mask, 3, 4), 2.5)
    lay(photo, (104, 74, 60), below, 0.5)
    lay(photo, jittered(rng, (236, 226, 198), 5), mask, 0.97)
    rough = mask_of(np.clip(smooth_noise(rng, 64) * 1.6 - 0.6, 0, 1))
    lay(photo, (192, 172, 128), ImageChops.multiply(mask, rough), 0.6)
    lit = ImageChops.subtract(mask, ImageChops.offset(mask, 2, 2).filter(ImageFilter.BoxBlur(1)))
    lay(photo, (255, 253, 246), lit, 0.8)


def _scales(place: Points, rng: np.random.Generator) -> list[Points]:
    size = rng.uniform(8.5, 14)
    spread = size * 0.7
    return [
        blob(
            rng,
            place + rng.normal(0, spread, 2),
            size * rng.uniform(0.4, 0.9),
            stretch=rng.uniform(1.0, 1.7),
            roughness=0.4,
            corners=10,
        )
        for _ in range(int(rng.integers(4, 8)))
    ]


def dandruff_places(count: int, rng: np.random.Generator) -> Points:
    """``count`` places that keep a clump's distance from each other where there is room."""
    candidates = anywhere(rng, count * 8, margin=18)
    kept: list[Points] = []
    for candidate in candidates:
        if len(kept) < count and all(np.hypot(*(candidate - k)) > 56 for k in kept):
            kept.append(candidate)
    return np.array([*kept, *candidates[-max(count - len(kept), 0) :]][:count]).reshape(-1, 2)


def draw_inflamed_follicles(photo: Image.Image, places: Points, rng: np.random.Generator) -> None:
    """A red, raised ring round each follicle."""
    if not len(places):
        return
    radii = rng.uniform(17, 25, len(places))

    def discs(draw: ImageDraw.ImageDraw, factor: float) -> None:
        for place, radius in zip(places, radii, strict=True):
            outline = blob(rng, place, radius * factor, roughness=0.1, corners=14)
            draw.polygon(scaled(outline), fill=255)

    lay(photo, (206, 84, 72), drawn_mask(lambda d: discs(d, 1.15), blur=5), 0.75)
    lay(photo, (190, 42, 44), drawn_mask(lambda d: discs(d, 0.82), blur=2.5), 0.8)


def draw_pus_heads(photo: Image.Image, places: Points, rng: np.random.Generator) -> None:
    """Yellow-white heads, with a glint, on the follicles at ``places``."""
    if not len(places):
        return
    radii = rng.uniform(7.5, 11, len(places))

    def heads(draw: ImageDraw.ImageDraw, size: float = 1.0) -> None:
        for place, radius in zip(places, radii * size, strict=True):
            draw.polygon(scaled(blob(rng, place, radius, roughness=0.1, corners=14)), fill=255)

    def glints(draw: ImageDraw.ImageDraw) -> None:
        for (x, y), radius in zip((places - 2.5) * SMOOTH, radii, strict=True):
            draw.ellipse((x - radius * 0.6, y - radius * 0.6, x, y), fill=255)

    mask = drawn_mask(heads, blur=0.8)
    lay(photo, (150, 40, 36), softened(mask, 2.5), 0.6)
    lay(photo, (238, 214, 130), mask)
    lay(photo, (252, 240, 190), drawn_mask(lambda draw: heads(draw, 0.5), blur=2))
    lay(photo, (255, 255, 250), drawn_mask(glints, blur=0.6), 0.9)
