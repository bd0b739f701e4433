"""Skin with its grain and its follicles' openings."""

import numpy as np

from export.data.drawing.canvas import Canvas, Colour, Floats, Points
from export.data.drawing.person import Person

EMPTY_WAYS = ("pores", "yellow dots", "broken hairs")


def draw_skin(canvas: Canvas, tone: Colour) -> None:
    """A tone, slow shading, furrows and a fine grain; darker skin shows more of its pigment."""
    darkness = 1 - float(np.mean(tone)) / 255
    shading = 0.07 * (canvas.noise(4) - 0.5) + 0.05 * (canvas.noise(36) - 0.5)
    grain = 0.05 * (canvas.noise(150) - 0.5) - 0.12 * _furrows(canvas) * canvas.rng.uniform(0, 1)
    pigment = 0.3 * darkness * (canvas.noise(12) - 0.5)
    light, warmth = 1.0 + shading + grain + pigment, canvas.noise(6) - 0.5
    for channel, level, warmer in zip(canvas.pixels, tone, (3.0, -3.0, -4.0), strict=True):
        channel[:] = np.float32(level) * light + np.float32(warmer) * warmth


def _furrows(canvas: Canvas) -> Floats:
    """The fine net of lines between the ridges of skin, 0 to 1."""
    ridges = np.abs(canvas.noise(28) - 0.5) + np.abs(canvas.noise(34) - 0.5)
    return np.clip(1 - ridges * 9, 0, 1).astype(np.float32)


def draw_pores(canvas: Canvas, places: Points) -> None:
    """A faint rim at every follicle, whether or not a hair grows there."""
    radii = canvas.rng.uniform(0.08, 0.12, len(places)) * canvas.mm
    rim = canvas.discs(places, radii, blur=2.2)
    canvas.stain((0.88, 0.82, 0.80), rim, canvas.rng.uniform(0.4, 0.9))


def draw_empty(canvas: Canvas, places: Points, way: str, person: Person) -> None:
    """Openings that lost their hair: open pores, dots of old sebum, or hairs broken off."""
    if not len(places):
        return
    radii = canvas.rng.uniform(0.035, 0.06, len(places)) * canvas.mm
    if way == "pores":
        canvas.stain((0.55, 0.48, 0.46), canvas.discs(places, radii, blur=1.0), 0.8)
    elif way == "yellow dots":
        canvas.lay((226, 194, 122), canvas.discs(places, radii * 1.5, blur=1.2), 0.7)
        canvas.stain((0.7, 0.6, 0.5), canvas.discs(places, radii * 0.6, blur=0.6), 0.7)
    else:
        canvas.lay(person.hair, canvas.discs(places, radii * 0.9, blur=0.6), 0.85)


def around(canvas: Canvas, follicles: Points, radius: float) -> Floats:
    """1 at follicles, falling to 0 beyond ``radius`` mm."""
    radii = np.full(len(follicles), radius * canvas.mm)
    return canvas.discs(follicles, radii, blur=5 * canvas.mm / 80)
