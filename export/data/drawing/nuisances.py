"""What carries no grade: moles, ink, dye, drops, combs, shadows, light, the tube's edge."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from export.data.drawing.canvas import HEIGHT, WIDTH, Canvas, blobs, covering

_Painter = Callable[[Canvas], None]


def _moles(canvas: Canvas) -> None:
    count = int(canvas.rng.integers(1, 4))
    radii = canvas.rng.uniform(0.15, 0.55, count) * canvas.mm
    shapes = blobs(canvas.rng, canvas.anywhere(count), radii, stretch=(1, 1.4), roughness=0.15)
    canvas.stain((0.55, 0.42, 0.38), canvas.polygons(shapes, blur=3), canvas.rng.uniform(0.6, 1))


def _freckles(canvas: Canvas) -> None:
    count = int(canvas.rng.integers(10, 50))
    radii = canvas.rng.uniform(0.03, 0.12, count) * canvas.mm
    mask = canvas.polygons(blobs(canvas.rng, canvas.anywhere(count), radii), blur=2)
    canvas.stain((0.82, 0.68, 0.56), mask, canvas.rng.uniform(0.4, 0.9))


def _ink(canvas: Canvas) -> None:
    """Tattooed lines and dots (also of pigmentation that feigns hair)."""
    rng = canvas.rng
    if rng.random() < 0.5:
        places = canvas.anywhere(int(rng.integers(40, 200)))
        mask = canvas.discs(places, np.full(len(places), 0.03 * canvas.mm), blur=1)
    else:
        paths = canvas.anywhere(6).reshape(2, 3, 2)
        mask = canvas.lines(paths, rng.uniform(6, 22), blur=1.5)
    canvas.stain((0.42, 0.5, 0.58), mask, rng.uniform(0.5, 0.9))


def _dye(canvas: Canvas) -> None:
    """Stains of hair dye on the skin: with edges, and of a colour that blood has not."""
    colours = ((0.75, 0.45, 0.62), (0.7, 0.5, 0.4), (0.5, 0.42, 0.62), (0.84, 0.52, 0.34))
    mask = covering(canvas.noise(3), canvas.rng.uniform(0.05, 0.2), 0.05)
    canvas.stain(colours[canvas.rng.integers(len(colours))], mask, canvas.rng.uniform(0.4, 0.8))


def _drops(canvas: Canvas) -> None:
    """Clear drops of water or gel: a dark rim, a bright window."""
    count = int(canvas.rng.integers(2, 9))
    places = canvas.anywhere(count)
    radii = canvas.rng.uniform(0.15, 0.6, count) * canvas.mm
    drop = canvas.discs(places, radii, blur=1)
    rim = np.clip(drop - canvas.discs(places, radii * 0.86, blur=2), 0, 1)
    canvas.stain((0.8, 0.78, 0.78), rim, 0.8)
    canvas.stain((1.06, 1.06, 1.07), drop, 0.8)
    window = canvas.discs(places - radii[:, None] * 0.4, radii * 0.16, blur=1)
    canvas.lay((252, 253, 255), window, 0.9)


def _bubbles(canvas: Canvas) -> None:
    """Bubbles under the glass: thin bright rings."""
    count = int(canvas.rng.integers(3, 14))
    places, radii = canvas.anywhere(count), canvas.rng.uniform(6, 30, count)
    ring = np.clip(canvas.discs(places, radii) - canvas.discs(places, radii - 2.5), 0, 1)
    canvas.lay((250, 250, 250), ring, 0.7)


def _comb(canvas: Canvas) -> None:
    """Teeth of a comb or a clip that reach into the frame from one side."""
    rng, teeth = canvas.rng, int(canvas.rng.integers(1, 5))
    base, reach, wide = rng.uniform(40, 500), rng.uniform(90, 280), rng.uniform(16, 40)
    offsets = np.arange(teeth) * wide * 2.3 + base
    slant = rng.uniform(-40, 40)
    shapes = np.stack(
        [
            np.stack([offsets, np.full(teeth, -5.0)], axis=1),
            np.stack([offsets + wide, np.full(teeth, -5.0)], axis=1),
            np.stack([offsets + wide * 0.7 + slant, np.full(teeth, reach)], axis=1),
            np.stack([offsets + wide * 0.3 + slant, np.full(teeth, reach)], axis=1),
        ],
        axis=1,
    )
    if rng.random() < 0.5:
        shapes = np.array([WIDTH, HEIGHT]) - shapes
    mask = canvas.polygons(shapes, blur=1)
    canvas.stain((0.6, 0.55, 0.55), canvas.blurred(canvas.shifted(mask, 6, 6), 5), 0.6)
    red, green, blue = rng.uniform(20, 235, 3).tolist()
    canvas.lay((red, green, blue), mask, 0.96)
    canvas.lay((250, 250, 250), canvas.shifted(mask, -3, 0) * mask * 0.25, 0.6)


def _shadow(canvas: Canvas) -> None:
    mask = covering(canvas.noise(2), canvas.rng.uniform(0.15, 0.5), 0.35)
    depth = canvas.rng.uniform(0.5, 0.8)
    canvas.stain((depth, depth, depth * 1.03), mask)


def _light_leak(canvas: Canvas) -> None:
    """Daylight from one side, warm or cold."""
    x, y = canvas.grid()
    angle = canvas.rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * (x / WIDTH - 0.5) + np.sin(angle) * (y / HEIGHT - 0.5)
    mask = np.clip(slope * 2 - 0.25, 0, 1).astype(np.float32)
    colour = (255.0, 240.0, 222.0) if canvas.rng.random() < 0.5 else (226.0, 238.0, 255.0)
    canvas.lay(colour, mask, canvas.rng.uniform(0.3, 0.7))


def _glare(canvas: Canvas) -> None:
    """Round reflections of lamps on the glass, white and without any yellow."""
    count = int(canvas.rng.integers(1, 6))
    places, radii = canvas.anywhere(count), canvas.rng.uniform(8, 34, count)
    canvas.lay((255, 255, 255), canvas.discs(places, radii, blur=6), canvas.rng.uniform(0.5, 0.95))


def _edge(canvas: Canvas) -> None:
    """The round end of the tube round the photo, out of the frame but for the corners."""
    x, y = canvas.grid()
    middle = np.array([WIDTH, HEIGHT]) / 2 + canvas.rng.normal(0, 18, 2)
    distance = np.sqrt((x - middle[0]) ** 2 + (y - middle[1]) ** 2)
    mask = np.clip((distance - canvas.rng.uniform(300, 380)) / 8, 0, 1).astype(np.float32)
    canvas.lay((10, 9, 10), mask)


UNDER_HAIR: Final[Mapping[str, _Painter]] = {
    "moles": _moles, "freckles": _freckles, "ink": _ink, "dye": _dye,
}  # fmt: skip
OVER_HAIR: Final[Mapping[str, _Painter]] = {
    "drops": _drops, "bubbles": _bubbles, "comb": _comb, "shadow": _shadow,
    "light leak": _light_leak, "glare": _glare, "edge": _edge,
}  # fmt: skip
_CHANCE = 0.05


def choose_some(rng: np.random.Generator) -> frozenset[str]:
    """Names of what one photo holds; each is in one photo of twenty."""
    return frozenset(name for name in (*UNDER_HAIR, *OVER_HAIR) if rng.random() < _CHANCE)


def add(canvas: Canvas, painters: Mapping[str, _Painter], chosen: frozenset[str]) -> None:
    for name, paint in painters.items():
        if name in chosen:
            paint(canvas)
