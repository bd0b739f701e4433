"""Oil on the skin: a yellowish film, plugs in follicles, and the reflections of what is wet."""

from export.data.drawing.canvas import Canvas, Colour, Floats, Points, blobs, covering
from export.data.drawing.follicles import inside

WAYS = ("film", "gloss", "plugs", "wet")
_TINTS: dict[str, tuple[Colour, float]] = {
    "film": ((1.0, 0.90, 0.56), 0.9),
    "gloss": ((1.0, 0.94, 0.68), 0.95),
    "plugs": ((1.0, 0.92, 0.64), 0.8),
    "wet": ((0.88, 0.78, 0.52), 0.9),
}
CLUMPING = {"film": 0.35, "gloss": 0.4, "plugs": 0.3, "wet": 0.75}
"""How strongly hair clings together where all of the skin is oily."""
_REFLECTIONS = {"film": 110, "gloss": 190, "plugs": 80, "wet": 150}


def draw_film(canvas: Canvas, percent: float, way: str, follicles: Points) -> Floats:
    """A wet, yellowish film over ``percent`` of the photo; returns where it lies (0 to 1)."""
    if percent <= 0:
        return canvas.empty()
    film = covering(canvas.noise(5), percent / 100, 0.2)
    tint, strength = _TINTS[way]
    canvas.stain(tint, film, strength * canvas.rng.uniform(0.8, 1.0))
    ripples = covering(canvas.noise(26), 0.24, 0.22) * film
    canvas.lay((255, 242, 204), ripples, 0.6 if way == "gloss" else 0.28)
    if way == "plugs":
        _draw_plugs(canvas, film, follicles)
    return film


def _draw_plugs(canvas: Canvas, film: Floats, follicles: Points) -> None:
    """Yellowish drops and plugs at follicles under the film."""
    shown = follicles[inside(follicles)]
    shown = shown[canvas.at(film, shown) > 0.5]
    if not len(shown):
        return
    radii = canvas.rng.uniform(0.07, 0.13, len(shown)) * canvas.mm
    mask = canvas.polygons(blobs(canvas.rng, shown, radii, roughness=0.2), blur=1.2)
    canvas.stain((0.7, 0.6, 0.5), canvas.shifted(mask, 2, 2), 0.5)
    canvas.lay((242, 216, 140), mask, 0.8)


def draw_reflections(canvas: Canvas, film: Floats, percent: float, way: str) -> None:
    """Wet reflections on film and hairs: a glow, a soft pool and a sharp glint in it."""
    count = round(_REFLECTIONS[way] * percent / 100)
    candidates = canvas.anywhere(count * 8, margin=6)
    places = candidates[canvas.at(film, candidates) > 0.6][:count]
    if not len(places):
        return
    radii = 3.2 + canvas.rng.gamma(2.0, 1.3, len(places))
    shapes = blobs(canvas.rng, places, radii, stretch=(1.1, 2.4), roughness=0.3)
    small = places[:, None, :] + (shapes - places[:, None, :]) * 0.5
    pool = canvas.polygons(shapes, blur=2.5)
    canvas.lay((255, 240, 190), canvas.blurred(pool, 8), 0.7)
    canvas.lay((255, 248, 222), pool, 0.6)
    canvas.lay((255, 255, 250), canvas.polygons(small, blur=1), 0.95)


def clumping(percent: float, way: str) -> float:
    return CLUMPING[way] * min(1.0, percent / 80)
