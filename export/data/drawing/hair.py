"""Hairs: how they grow from their follicles, and how they look."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from dupi.knowledge.vocabulary import ScalpSite
from export.data.drawing.canvas import (
    HEIGHT,
    SMOOTH,
    WIDTH,
    Canvas,
    Colour,
    Draw,
    Floats,
    Points,
)
from export.data.drawing.follicles import Follicles
from export.data.drawing.person import Person, lean_at

_STEPS = 13
_GREY: Colour = (206, 204, 200)


@dataclass(frozen=True, slots=True)
class Strands:
    """``middle`` [n, k, 2] and ``half_width`` [n, k] of n hairs, root first, in units."""

    middle: Points
    half_width: Points

    def __len__(self) -> int:
        return len(self.middle)

    def only(self, kept: np.ndarray) -> "Strands":
        return Strands(self.middle[kept], self.half_width[kept])

    def outline(self, low: float = -1.0, high: float = 1.0) -> Points:
        """[n, 2 k, 2]: from ``low`` to ``high`` across the hair, -1 and 1 being its edges."""
        steps = np.gradient(self.middle, axis=1)
        steps /= np.linalg.norm(steps, axis=2, keepdims=True) + 1e-9
        across = np.stack([-steps[..., 1], steps[..., 0]], axis=2) * self.half_width[..., None]
        one, other = self.middle + across * low, self.middle + across * high
        return np.concatenate([one, other[:, ::-1]], axis=1)

    def clumped(self, rng: np.random.Generator, strength: float, reach: float) -> "Strands":
        """Tips drawn together, as grease or water does, to every fifth hair's within ``reach``."""
        if strength <= 0 or len(self) < 5:
            return self
        tips = self.middle[:, -1]
        leaders = tips[rng.choice(len(tips), len(tips) // 5, replace=False)]
        apart = leaders[None] - tips[:, None]
        distance = np.linalg.norm(apart, axis=2)
        nearest = distance.argmin(axis=1)
        pull = apart[np.arange(len(tips)), nearest]
        pull *= (distance.min(axis=1) < reach)[:, None] * strength
        along = np.linspace(0, 1, self.middle.shape[1])[None, :, None] ** 1.6
        return replace(self, middle=self.middle + along * pull[:, None, :])


@dataclass(frozen=True, slots=True)
class Growth:
    """How hairs grow in one photo: ``angles`` [n] of the follicles; ``length`` and ``width`` in mm;
    ``thin``: the share of hairs that have become thin."""

    angles: np.ndarray
    length: float
    width: float
    thin: float
    curl: float


def grow(canvas: Canvas, follicles: Follicles, growth: Growth) -> Strands:
    rng, owners = canvas.rng, follicles.owners
    count = len(owners)
    roots = follicles.places[owners] + rng.normal(0, 0.03 * canvas.mm, (count, 2))
    angles = growth.angles[owners] + rng.normal(0, 0.2 + 0.3 * growth.curl, count)
    lengths = growth.length * canvas.mm * rng.uniform(0.5, 1.3, count)
    widths = growth.width * canvas.mm * rng.uniform(0.82, 1.15, count)
    thin, thinner = rng.random(count) < growth.thin, rng.uniform(0.38, 0.62, count)
    widths *= np.where(thin, thinner, 1.0)
    lengths *= np.where(thin, 0.75, 1.0)
    return strands(rng, roots, angles, lengths, widths, wave=growth.curl * 0.09 * canvas.mm)


def strands(  # noqa: PLR0913 (a bundle of hairs has that many properties)
    rng: np.random.Generator,
    roots: Points,
    angles: np.ndarray,
    lengths: np.ndarray,
    widths: np.ndarray,
    *,
    wave: float,
) -> Strands:
    """Quadratic curves from ``roots``, waved by ``wave`` units, narrowing a little to the tip."""
    count, along = len(roots), np.linspace(0, 1, _STEPS)
    bend = rng.normal(0, 0.16, (count, 1)) * lengths[:, None] * along**2
    phase, turns = rng.uniform(0, 6.3, (count, 1)), rng.uniform(0.8, 1.8, (count, 1))
    bend = bend + wave * (np.sin(phase + 6.3 * turns * along) - np.sin(phase))
    ahead = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None, :]
    aside = np.stack([-np.sin(angles), np.cos(angles)], axis=1)[:, None, :]
    reach = (lengths[:, None] * along)[..., None]
    middle = roots[:, None, :] + reach * ahead + bend[..., None] * aside
    return Strands(middle, widths[:, None] / 2 * (1.0 - 0.5 * along**2))


def directions(canvas: Canvas, places: Points, site: ScalpSite, person: Person) -> np.ndarray:
    """Where the hair of each follicle points, in radians: as the site's does, round a whorl on
    many crowns, away from a parting on some scalps."""
    rng, kind = canvas.rng, canvas.rng.random()
    turning = (canvas.at(canvas.noise(2), places) - 0.5) * 1.5
    if site is ScalpSite.CROWN and kind < 0.4:
        centre = rng.uniform((60, 40), (WIDTH - 60, HEIGHT - 40))
        apart = places - centre
        return np.asarray(np.arctan2(apart[:, 1], apart[:, 0]) + 1.1 + 0.4 * turning)
    lean = lean_at(site, person, rng)
    if kind > 0.86:
        middle = np.array([WIDTH, HEIGHT]) / 2 + rng.normal(0, 60, 2)
        side = np.sign((places - middle) @ np.array([-np.sin(lean), np.cos(lean)]))
        return np.asarray(lean + side * 0.95 + 0.4 * turning)
    return np.asarray(lean + turning)


def tones_of(canvas: Canvas, count: int, person: Person) -> Points:
    """Colours [n, 3] of ``count`` hairs of one head."""
    rng = canvas.rng
    tones = np.array(person.hair) + rng.normal(0, 7, (count, 1)) + rng.normal(0, 2, (count, 3))
    grey = rng.random(count) < person.grey
    whites = np.array(_GREY) + rng.normal(0, 14, (count, 1))
    return np.asarray(np.where(grey[:, None], whites, tones))


def draw_strands(canvas: Canvas, hairs: Strands, tones: Points, gloss: float) -> Floats:
    """Hairs in these ``tones`` [n, 3] with a shadow, their lit side lighter by ``gloss``; returns
    their mask."""
    side = 1 if canvas.rng.random() < 0.5 else -1
    base = tuple(np.clip(tones.mean(axis=0), 0, 255).astype(int).tolist()) if len(hairs) else None
    large = Image.new("RGB", (canvas.size[0] * SMOOTH, canvas.size[1] * SMOOTH), base or 0)
    cut, zoom = Image.new("L", large.size, 0), canvas.scale * SMOOTH
    body, shine = hairs.outline() * zoom, hairs.outline(0.05 * side, 0.55 * side) * zoom
    _paint(ImageDraw.Draw(large), ImageDraw.Draw(cut), (body, shine), (tones, gloss))
    mask = np.asarray(cut.reduce(SMOOTH), np.float32) / np.float32(255)
    shadow = canvas.blurred(canvas.shifted(mask, 3, 4), 3)
    canvas.stain((0.62, 0.52, 0.48), shadow, 0.7)
    canvas.paste(large.reduce(SMOOTH), mask)
    return mask


def _paint(
    draw: Draw, cut: Draw, shapes: tuple[Points, Points], colours: tuple[Points, float]
) -> None:
    tones, gloss = colours
    dark = np.clip(tones, 0, 255).astype(int).tolist()
    light = np.clip(tones + gloss, 0, 255).astype(int).tolist()
    for body, shine, tone, lit in zip(*shapes, dark, light, strict=True):
        outline = body.ravel().tolist()
        cut.polygon(outline, fill=255)
        draw.polygon(outline, fill=tuple(tone))
        draw.polygon(shine.ravel().tolist(), fill=tuple(lit))
