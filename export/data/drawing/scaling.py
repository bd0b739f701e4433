"""Scale: fine and powdery, or in large, loose flakes; several ways of drawing each."""

import numpy as np

from export.data.drawing.canvas import (
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    Floats,
    Points,
    blobs,
    covering,
    jittered,
)
from export.data.drawing.follicles import inside
from export.data.drawing.hair import Strands

_AREA = WIDTH * HEIGHT
FINE_WAYS = ("flecks", "powder", "collars", "mesh")
FLAKE_WAYS = ("clumps", "plates", "on hairs", "mixed")


def radii_for(
    canvas: Canvas, percent: float, sizes: tuple[float, float], overlap: float = 1.0
) -> Points:
    """Radii in units, drawn between ``sizes`` in mm, of as many discs as cover ``percent``."""
    low, high = np.array(sizes) * canvas.mm
    wanted = percent / 100 * _AREA * overlap
    several = canvas.rng.uniform(low, high, int(wanted / (np.pi * low**2)) + 2)
    return several[np.cumsum(np.pi * several**2) <= wanted]


def draw_fine_scale(canvas: Canvas, percent: float, way: str, places: Points) -> Floats:
    """Thin, pale scale over ``percent`` of the photo, as ``collars`` at ``places``; returns its
    mask."""
    if percent <= 0:
        return canvas.empty()
    mask = _fine_mask(canvas, percent, way, places)
    canvas.stain((0.62, 0.55, 0.53), canvas.shifted(mask, 2, 2), 0.6)
    canvas.lay(jittered(canvas.rng, (246, 245, 242), 4), mask, canvas.rng.uniform(0.84, 1.0))
    return mask


def _fine_mask(canvas: Canvas, percent: float, way: str, places: Points) -> Floats:
    if way in {"powder", "mesh"}:
        cells, cloud = (150, 1.1) if way == "powder" else (64, 0.5)
        return covering(canvas.noise(cells) + cloud * canvas.noise(6), percent / 100, 0.05)
    rng, radii = canvas.rng, radii_for(canvas, percent, (0.024, 0.052), overlap=1.1)
    centres = canvas.anywhere(len(radii))
    if way == "collars" and len(places):
        moved = rng.random(len(radii)) < 0.75
        some = places[rng.integers(len(places), size=moved.sum())]
        centres[moved] = some + rng.normal(0, 0.03 * canvas.mm, some.shape)
    shapes = blobs(rng, centres, radii, stretch=(1.2, 2.6), roughness=0.4, corners=7)
    return canvas.polygons(shapes, depths=rng.uniform(0.8, 1, len(radii)).astype(np.float32))


def rims(canvas: Canvas, follicles: Points) -> Points:
    """Places round the follicles in the frame, where collars of scale form."""
    shown = np.repeat(follicles[inside(follicles)], 12, axis=0)
    angles = canvas.rng.uniform(0, 2 * np.pi, len(shown))
    reach = canvas.rng.uniform(0.09, 0.2, len(shown)) * canvas.mm
    return shown + np.stack([np.cos(angles) * reach, np.sin(angles) * reach], axis=1)


def near_roots(hairs: Strands) -> Points:
    """Places in the frame on the lower halves of hairs."""
    places = hairs.middle[:, :6].reshape(-1, 2)
    return places[inside(places)]


def draw_flakes(canvas: Canvas, percent: float, way: str, hairs: Strands) -> Floats:
    """Large flakes over ``percent`` of the photo, on skin and hair; returns their mask."""
    if percent <= 0:
        return canvas.empty()
    shapes, softness, opacity = _flakes(canvas, percent, way, hairs)
    mask = canvas.polygons_over(percent / 100, shapes, softness)
    tint: Colour = (246, 241, 226) if canvas.rng.random() < 0.6 else (236, 222, 184)
    below = canvas.blurred(canvas.shifted(mask, 3, 4), 2.5)
    canvas.stain((0.5, 0.42, 0.4), below, 0.7)
    canvas.lay(jittered(canvas.rng, tint, 5), mask, opacity)
    rough = np.clip(canvas.noise(70) * 1.6 - 0.6, 0, 1).astype(np.float32)
    canvas.stain((0.88, 0.84, 0.74), mask * rough, 0.7)
    lit = np.clip(mask - canvas.blurred(canvas.shifted(mask, 2, 2), 1), 0, 1)
    canvas.lay((255, 253, 246), lit, 0.8)
    return mask


def _flakes(
    canvas: Canvas, percent: float, way: str, hairs: Strands
) -> tuple[Points, float, float]:
    """Outlines, softness of their edges in units, and opacity."""
    rng = canvas.rng
    if way == "clumps":
        radii = radii_for(canvas, percent, (0.08, 0.17), overlap=1.5)
        hearts = canvas.anywhere(max(1, len(radii) // 6), margin=14)
        centres = hearts[rng.integers(len(hearts), size=len(radii))]
        centres = centres + rng.normal(0, 0.13 * canvas.mm, centres.shape)
        return blobs(rng, centres, radii, stretch=(1, 1.7), roughness=0.4, corners=10), 0.5, 0.97
    if way == "plates":
        radii = radii_for(canvas, percent, (0.18, 0.36), overlap=1.25)
        centres = canvas.anywhere(len(radii), margin=14)
        return blobs(rng, centres, radii, stretch=(1, 1.8), roughness=0.5, corners=7), 0.3, 0.82
    radii = radii_for(canvas, percent, (0.10, 0.26), overlap=1.25)
    centres = canvas.anywhere(len(radii), margin=10)
    if way == "on hairs" and len(hairs):
        centres = _on_hairs(canvas, hairs, len(radii))
    return blobs(rng, centres, radii, stretch=(1, 2.4), roughness=0.45, corners=9), 0.4, 0.95


def _on_hairs(canvas: Canvas, hairs: Strands, count: int) -> Points:
    """Places in the frame on hairs."""
    places = hairs.middle[:, 2:10].reshape(-1, 2)
    places = places[inside(places, 12)]
    if not len(places):
        return canvas.anywhere(count, margin=10)
    return places[canvas.rng.integers(len(places), size=count)]
