"""Redness between follicles, and inflamed follicles; several ways of drawing each."""

import numpy as np

from export.data.drawing.canvas import Canvas, Floats, Points, blobs, covering
from export.data.drawing.follicles import inside
from export.data.drawing.skin import around

REDNESS_WAYS = ("patches", "diffuse", "net", "vessels")
PUSTULE_WAYS = ("heads", "papules", "crusts", "groups")
_REDDEST = (1.05, 0.53, 0.54)
_SHARE_WITH_PUS = {"heads": 0.85, "papules": 0.4, "crusts": 0.7, "groups": 0.8}


def draw_erythema(canvas: Canvas, percent: float, way: str, follicles: Points) -> Floats:
    """Redness of area times strength ``percent``, paler at the follicles; returns how strong it is
    where (0 to 1)."""
    if percent <= 0:
        return canvas.empty()
    amount = percent / 100
    strength = float(np.clip(amount**0.55 * canvas.rng.uniform(0.92, 1.1), amount, 1.0))
    cells = {"patches": 5, "diffuse": 2, "net": 4, "vessels": 4}[way]
    patches = covering(canvas.noise(cells), amount / strength, 0.5 if way == "diffuse" else 0.28)
    sparing = {"net": 0.85, "diffuse": 0.3}.get(way, 0.5)
    mottled = patches * (0.84 + 0.32 * (canvas.noise(30) - 0.5))
    mottled *= 1.0 - sparing * around(canvas, follicles, 0.26 if way == "net" else 0.17)
    canvas.stain(_REDDEST, mottled, strength * (0.75 if way == "vessels" else 1.0))
    _draw_vessels(canvas, amount * (90 if way == "vessels" else 22), patches)
    return np.asarray(patches * strength, np.float32)


def _draw_vessels(canvas: Canvas, count: float, where: Floats) -> None:
    """Fine, winding vessels in the red area."""
    rng, starts = canvas.rng, canvas.anywhere(round(count * 2))
    starts = starts[canvas.at(where, starts) > 0.4][: round(count)]
    if not len(starts):
        return
    heading = rng.uniform(0, 2 * np.pi, (len(starts), 1))
    heading = heading + np.cumsum(rng.normal(0, 0.5, (len(starts), 9)), axis=1)
    step = rng.uniform(0.05, 0.12, (len(starts), 1, 1)) * canvas.mm
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=2) * step
    paths = starts[:, None, :] + np.cumsum(steps, axis=1)
    canvas.stain((0.78, 0.25, 0.28), canvas.lines(paths, 1.6, blur=0.6), 0.75)


def choose(canvas: Canvas, follicles: Points, count: int, way: str) -> Points:
    """``count`` places to inflame: follicles in the frame, in ``groups`` those near one place."""
    shown = follicles[inside(follicles, 26)]
    if len(shown) < count:
        shown = np.concatenate([shown, canvas.anywhere(count - len(shown), margin=26)])
    order = canvas.rng.permutation(len(shown))
    if way == "groups":
        heart = canvas.anywhere(1, margin=120)
        order = np.argsort(
            np.linalg.norm(shown - heart, axis=1) + canvas.rng.uniform(0, 60, len(shown))
        )
    return shown[order[:count]]


def draw_halos(canvas: Canvas, places: Points) -> Floats:
    """A red, raised ring round each of ``places``; returns its mask."""
    if not len(places):
        return canvas.empty()
    radii = canvas.rng.uniform(0.2, 0.31, len(places)) * canvas.mm
    wide = canvas.polygons(blobs(canvas.rng, places, radii * 1.15, roughness=0.14), blur=5)
    core = canvas.polygons(blobs(canvas.rng, places, radii * 0.82, roughness=0.14), blur=2.5)
    canvas.stain((0.95, 0.46, 0.46), wide, 0.85)
    canvas.stain((0.94, 0.5, 0.52), core, 0.85)
    return np.maximum(wide, core)


def draw_heads(canvas: Canvas, places: Points, way: str) -> None:
    """On most of ``places`` a yellow-white head with a glint, or a brownish crust."""
    some = places[: int(np.ceil(len(places) * _SHARE_WITH_PUS[way]))]
    if not len(some):
        return
    radii = canvas.rng.uniform(0.09, 0.14, len(some)) * canvas.mm
    rough = 0.35 if way == "crusts" else 0.1
    mask = canvas.polygons(blobs(canvas.rng, some, radii, roughness=rough), blur=0.8)
    canvas.stain((0.7, 0.4, 0.4), canvas.blurred(mask, 2.5), 0.6)
    if way == "crusts":
        canvas.lay((196, 140, 74), mask, 0.95)
        canvas.stain((0.6, 0.5, 0.45), mask * (canvas.noise(90) > 0.55), 0.6)
        return
    canvas.lay((240, 218, 140), mask)
    canvas.lay((252, 242, 200), canvas.discs(some, radii * 0.5, blur=2))
    canvas.lay((255, 255, 250), canvas.discs(some - radii[:, None] * 0.3, radii * 0.22, blur=0.6))
