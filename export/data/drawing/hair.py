"""Follicles in a loose lattice and the hairs that grow from them."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from export.data.drawing.canvas import (
    HEIGHT,
    SMOOTH,
    WIDTH,
    Colour,
    Points,
    drawn_mask,
    jittered,
    lay,
    scaled,
    smooth_noise,
    softened,
)

_SPACING = 80.0
_MARGIN = 150.0
_HAIR_COLOURS: tuple[Colour, ...] = ((38, 30, 28), (52, 38, 32), (70, 50, 38), (44, 40, 42))


@dataclass(frozen=True, slots=True)
class Follicles:
    """``places`` [n, 2] in pixels, some beyond the frame; ``hairs`` [n]: how many grow there."""

    places: Points
    hairs: np.ndarray

    def inside(self, margin: float = 24.0) -> Points:
        x, y = self.places[:, 0], self.places[:, 1]
        within = (x > margin) & (x < WIDTH - margin) & (y > margin) & (y < HEIGHT - margin)
        return self.places[within]


def plant_follicles(rng: np.random.Generator, density: float) -> Follicles:
    """A jittered lattice; ``density`` (0 to 1) is the share of its hairs that is left."""
    xs = np.arange(-_MARGIN, WIDTH + _MARGIN, _SPACING)
    ys = np.arange(-_MARGIN, HEIGHT + _MARGIN, _SPACING * 0.87)
    grid_x, grid_y = np.meshgrid(xs, ys)
    grid_x = grid_x + (np.arange(len(ys)) % 2)[:, None] * _SPACING / 2
    places = np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)
    places += rng.uniform(-_SPACING / 2, _SPACING / 2, 2)
    places += rng.normal(0, _SPACING * 0.14, places.shape)
    full = rng.choice([1, 2, 3], len(places), p=[0.25, 0.55, 0.2])
    owners = np.repeat(np.arange(len(places)), full)
    left = rng.permutation(owners)[: round(len(owners) * density)]
    return Follicles(places, np.bincount(left, minlength=len(places)))


def draw_pores(photo: Image.Image, follicles: Follicles, rng: np.random.Generator) -> None:
    """A faint rim at every follicle, and an open pore where nothing grows."""

    def rims(draw: ImageDraw.ImageDraw) -> None:
        for (x, y), radius in zip(places, radii, strict=True):
            draw.ellipse(_box(x, y, radius), fill=150)

    def pores(draw: ImageDraw.ImageDraw) -> None:
        for (x, y), radius in zip(empty, radii, strict=False):
            draw.ellipse(_box(x, y, radius * 0.42), fill=190)

    places = follicles.places
    radii = rng.uniform(6.5, 9.5, len(places))
    empty = places[follicles.hairs == 0]
    lay(photo, (206, 164, 140), drawn_mask(rims, blur=2.2), 0.5)
    lay(photo, (126, 88, 74), drawn_mask(pores, blur=1.0), 0.75)


def _box(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return (
        (x - radius) * SMOOTH,
        (y - radius) * SMOOTH,
        (x + radius) * SMOOTH,
        (y + radius) * SMOOTH,
    )


@dataclass(frozen=True, slots=True)
class Strand:
    """Middle line [k, 2], half widths [k] (pixels) and the unit normals [k, 2]."""

    middle: Points
    half_width: np.ndarray
    normal: Points

    def outline(self, low: float = -1.0, high: float = 1.0) -> Points:
        """From ``low`` to ``high`` across the hair, -1 and 1 being its edges."""
        one = self.middle + self.normal * (self.half_width * low)[:, None]
        other = self.middle + self.normal * (self.half_width * high)[:, None]
        return np.concatenate([one, other[::-1]])


def grow(
    root: Points, angle: float, length: float, width: float, rng: np.random.Generator
) -> Strand:
    """A hair from ``root``: a quadratic curve that narrows a little towards its end."""
    along = np.linspace(0, 1, 9)
    bend = rng.normal(0, 0.16) * length
    direction = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-direction[1], direction[0]])
    middle = root + np.outer(along * length, direction) + np.outer(along**2 * bend, across)
    steps = np.gradient(middle, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    normal = np.stack([-steps[:, 1], steps[:, 0]], axis=1)
    return Strand(middle, width / 2 * (1.0 - 0.3 * along), normal)


def draw_hairs(
    photo: Image.Image, follicles: Follicles, thickness: float, rng: np.random.Generator
) -> None:
    """All hairs with their shadow and a highlight along each."""
    draw_strands(photo, _grow_all(follicles, thickness, rng), _HAIR_COLOURS, rng)


def _grow_all(follicles: Follicles, thickness: float, rng: np.random.Generator) -> list[Strand]:
    lean = rng.uniform(0, 2 * np.pi)
    turning = (smooth_noise(rng, 2, (16, 12)) - 0.5) * 1.6
    full_width = rng.uniform(5.6, 6.8)
    strands = []
    for place, count in zip(follicles.places, follicles.hairs, strict=True):
        column = int(np.clip(place[0] / WIDTH * 16, 0, 15))
        row = int(np.clip(place[1] / HEIGHT * 12, 0, 11))
        for _ in range(count):
            angle = lean + turning[row, column] + rng.normal(0, 0.2)
            width = full_width * thickness * rng.uniform(0.85, 1.15)
            root = place + rng.normal(0, 2.5, 2)
            strands.append(grow(root, angle, rng.uniform(95, 235), width, rng))
    return strands


def draw_strands(
    photo: Image.Image,
    strands: list[Strand],
    colours: tuple[Colour, ...],
    rng: np.random.Generator,
) -> None:
    base = jittered(rng, colours[rng.integers(len(colours))], 6)
    layer = Image.new("RGB", (WIDTH * SMOOTH, HEIGHT * SMOOTH), base)
    large = Image.new("L", layer.size, 0)
    paint, cut = ImageDraw.Draw(layer), ImageDraw.Draw(large)
    side = 1 if rng.random() < 0.5 else -1
    gloss = rng.uniform(28, 62)
    for strand in strands:
        tone = jittered(rng, base, 7)
        outline = scaled(strand.outline())
        cut.polygon(outline, fill=255)
        paint.polygon(outline, fill=tone)
        shine: Colour = tuple(min(255, round(v + gloss)) for v in tone)  # type: ignore[assignment]
        paint.polygon(scaled(strand.outline(0.05 * side, 0.5 * side)), fill=shine)
    mask = large.reduce(SMOOTH)
    shadow = softened(ImageChops.offset(mask, 3, 4), 3)
    lay(photo, (108, 70, 56), shadow, 0.38)
    photo.paste(layer.reduce(SMOOTH), (0, 0), mask)
