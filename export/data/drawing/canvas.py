"""Primitives: smooth noise, antialiased masks, blobs, and laying a colour through a mask."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIZE = (640, 480)
WIDTH, HEIGHT = SIZE
SMOOTH = 2  # shapes are drawn this many times larger and averaged down

Colour = tuple[int, int, int]
Points = NDArray[np.float64]
Floats = NDArray[np.float32]
Draw = ImageDraw.ImageDraw


def smooth_noise(rng: np.random.Generator, cells: int, size: tuple[int, int] = SIZE) -> Floats:
    """Noise ``[height, width]`` from 0 to 1 with about ``cells`` waves across the width."""
    rows = max(2, round(cells * size[1] / size[0]))
    coarse = Image.fromarray(rng.random((rows + 1, cells + 1), dtype=np.float32))
    fine = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
    low, high = float(fine.min()), float(fine.max())
    return np.asarray((fine - low) / max(high - low, 1e-6), np.float32)


def mask_of(values: Floats) -> Image.Image:
    return Image.fromarray(np.clip(values * 255.0, 0.0, 255.0).astype(np.uint8))


def covering(noise: Floats, share: float, softness: float) -> Floats:
    """0 to 1: the highest ``share`` of ``noise``, with an edge as soft as ``softness``."""
    threshold = np.quantile(noise[::8, ::8], 1.0 - share) if share < 1 else -softness
    return np.clip((noise - threshold) / softness + 0.5, 0.0, 1.0).astype(np.float32)


def drawn_mask(paint: Callable[[Draw], None], blur: float = 0.0) -> Image.Image:
    """An antialiased mask; ``paint`` draws in coordinates ``SMOOTH`` times as large."""
    large = Image.new("L", (WIDTH * SMOOTH, HEIGHT * SMOOTH), 0)
    paint(ImageDraw.Draw(large))
    return softened(large.reduce(SMOOTH), blur)


def softened(mask: Image.Image, blur: float) -> Image.Image:
    """``mask`` blurred by ``blur`` pixels; wide blurs are made on a quarter of the pixels."""
    if blur <= 0:
        return mask
    if blur < 2:
        return mask.filter(ImageFilter.BoxBlur(blur))
    small = mask.reduce(2).filter(ImageFilter.BoxBlur(blur * 0.7))
    return small.resize(mask.size, Image.Resampling.BILINEAR)


def scaled(points: Points) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in points * SMOOTH]


def blob(  # noqa: PLR0913 (a shape has that many properties)
    rng: np.random.Generator,
    centre: Points,
    radius: float,
    *,
    stretch: float = 1.0,
    roughness: float = 0.25,
    corners: int = 11,
) -> Points:
    """Outline of an irregular patch, ``stretch`` times as long as wide, turned at random."""
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radii = radius * (1 + roughness * rng.uniform(-1, 1, corners))
    outline = np.stack([np.cos(angles) * radii * stretch, np.sin(angles) * radii], axis=1)
    turn = rng.uniform(0, np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(outline @ np.array([[cos, sin], [-sin, cos]]) + centre)


def anywhere(rng: np.random.Generator, count: int, margin: float = 0.0) -> Points:
    return np.stack(
        [
            rng.uniform(margin, WIDTH - margin, count),
            rng.uniform(margin, HEIGHT - margin, count),
        ],
        axis=1,
    )


def lay(photo: Image.Image, colour: Colour, mask: Image.Image, strength: float = 1.0) -> None:
    """Paints ``colour`` through ``mask``, in place."""
    if strength < 1.0:
        mask = mask.point([round(v * strength) for v in range(256)])
    photo.paste(colour, (0, 0, *photo.size), mask)


def jittered(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """A colour near ``colour``: lighter or darker as a whole, and a little off in each channel."""
    shift = rng.normal(0, spread) + rng.normal(0, spread / 4, 3)
    red, green, blue = np.clip(np.array(colour) + shift, 0, 255).astype(int).tolist()
    return red, green, blue
