"""What a photo is painted on, and the primitives: noise, antialiased shapes, laying a colour.

Places and lengths are in units of 1/640 of the frame's width, whatever its size in pixels; lengths
of what grows on a scalp are given in millimetres and turned into units by the magnification.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 480
UNITS_PER_MM = 80.0
"""At magnification 1 a frame shows 8 × 6 mm, 0.48 cm²."""
SMOOTH = 2  # shapes are drawn this many times larger and averaged down

Colour = tuple[float, float, float]
Points = NDArray[np.float64]
Floats = NDArray[np.float32]
Draw = ImageDraw.ImageDraw


class Canvas:
    """``pixels`` float32 [3, height, width] from 0 to 255, painted in place by drawing functions:
    channels first, for numpy is several times faster along rows than along three channels.

    ``rng`` is the only source of chance, so that a canvas of the same state is painted the same;
    ``drawing_from`` lends another, so that one part takes nothing from the others' chance.
    """

    def __init__(
        self, rng: np.random.Generator, *, width: int = WIDTH, magnification: float = 1.0
    ) -> None:
        self.rng = rng
        self.size = (width, width * HEIGHT // WIDTH)
        self.scale = width / WIDTH
        self.mm = UNITS_PER_MM * magnification
        self.pixels: Floats = np.zeros((3, *self.size[::-1]), np.float32)

    @contextmanager
    def drawing_from(self, rng: np.random.Generator) -> Iterator[None]:
        mine, self.rng = self.rng, rng
        yield
        self.rng = mine

    def noise(self, cells: int) -> Floats:
        """Noise ``[height, width]`` from 0 to 1 with about ``cells`` waves across the width."""
        rows = max(2, round(cells * HEIGHT / WIDTH))
        coarse = Image.fromarray(self.rng.random((rows + 1, cells + 1), dtype=np.float32))
        fine = np.asarray(coarse.resize(self.size, Image.Resampling.BICUBIC))
        low, high = float(fine.min()), float(fine.max())
        return np.asarray((fine - low) / max(high - low, 1e-6), np.float32)

    def painted(self, paint: Callable[[Draw, float], None], blur: float = 0.0) -> Floats:
        """An antialiased mask [height, width], 0 to 1; ``paint`` gets the pixels of a unit."""
        large = Image.new("L", (self.size[0] * SMOOTH, self.size[1] * SMOOTH), 0)
        paint(ImageDraw.Draw(large), self.scale * SMOOTH)
        return self._mask(large.reduce(SMOOTH), blur)

    def _mask(self, mask: Image.Image, blur: float) -> Floats:
        if blur > 0:
            mask = mask.filter(ImageFilter.BoxBlur(1.4 * blur * self.scale))  # a third of the time
        return np.asarray(mask, np.float32) / np.float32(255)

    def blurred(self, mask: Floats, blur: float) -> Floats:
        return self._mask(Image.fromarray((mask * 255).astype(np.uint8)), blur)

    def polygons(
        self,
        outlines: Sequence[Points] | Points,
        *,
        blur: float = 0.0,
        depths: Floats | None = None,
    ) -> Floats:
        """A mask of filled ``outlines`` [k, 2] each; ``depths``: how opaque each is, 0 to 1."""
        values = [255] * len(outlines) if depths is None else (depths * 255).astype(int).tolist()

        def paint(draw: Draw, zoom: float) -> None:
            for outline, value in zip(outlines, values, strict=True):
                draw.polygon((outline * zoom).ravel().tolist(), fill=value)

        return self.painted(paint, blur)

    def polygons_over(self, share: float, shapes: Points, blur: float = 0.0) -> Floats:
        """A mask of ``shapes`` [n, k, 2], each swollen or shrunk by as much as makes all of them,
        with what of them overlaps or lies outside, cover ``share`` of the frame."""
        middles, mask = shapes.mean(axis=1, keepdims=True), self.polygons(shapes)
        factor = np.clip((share / max(float(mask.mean()), 1e-6)) ** 0.5, 0.6, 1.8)
        return self.polygons(middles + (shapes - middles) * factor, blur=blur)

    def empty(self) -> Floats:
        return np.zeros(self.size[::-1], np.float32)

    def discs(self, places: Points, radii: Floats | Points, blur: float = 0.0) -> Floats:
        def paint(draw: Draw, zoom: float) -> None:
            boxes = np.concatenate([places - radii[:, None], places + radii[:, None]], axis=1)
            for box in (boxes * zoom).tolist():
                draw.ellipse(box, fill=255)

        return self.painted(paint, blur)

    def lines(self, paths: Points, width: float, blur: float = 0.0) -> Floats:
        """A mask of ``paths`` [n, k, 2], each ``width`` units wide."""

        def paint(draw: Draw, zoom: float) -> None:
            for path in paths:
                thick = max(1, round(width * zoom))
                draw.line((path * zoom).ravel().tolist(), fill=255, width=thick, joint="curve")

        return self.painted(paint, blur)

    def lay(self, colour: Colour, mask: Floats, strength: float = 1.0) -> None:
        """Paints ``colour`` through ``mask``."""
        share = mask * np.float32(strength)
        for channel, level in enumerate(colour):
            self.pixels[channel] += share * (np.float32(level) - self.pixels[channel])

    def stain(self, factors: Colour, mask: Floats, strength: float = 1.0) -> None:
        """Multiplies the channels by ``factors`` through ``mask``: blood, shadow, oil, ink."""
        share = mask * np.float32(strength)
        for channel, factor in enumerate(factors):
            if factor != 1:
                self.pixels[channel] *= 1 + share * np.float32(factor - 1)

    def paste(self, picture: Image.Image, mask: Floats | None = None) -> None:
        """Lays an RGB picture of the canvas's size over it, through ``mask`` if there is one."""
        layer = np.moveaxis(np.asarray(picture, np.float32), 2, 0)
        self.pixels += layer - self.pixels if mask is None else mask * (layer - self.pixels)

    def picture(self) -> Image.Image:
        whole = np.clip(self.pixels, 0, 255).astype(np.uint8)
        return Image.fromarray(np.ascontiguousarray(np.moveaxis(whole, 0, 2)))

    def shifted(self, mask: Floats, right: float, down: float) -> Floats:
        steps = (round(down * self.scale), round(right * self.scale))
        return np.roll(mask, steps, axis=(0, 1))

    def at(self, values: Floats, places: Points) -> Floats:
        """``values`` [height, width] at ``places`` [n, 2]; outside, those of the nearest edge."""
        columns = np.clip((places[:, 0] * self.scale).astype(int), 0, self.size[0] - 1)
        rows = np.clip((places[:, 1] * self.scale).astype(int), 0, self.size[1] - 1)
        return np.asarray(values[rows, columns], np.float32)

    def anywhere(self, count: int, margin: float = 0.0) -> Points:
        low, high = (margin, margin), (WIDTH - margin, HEIGHT - margin)
        return self.rng.uniform(low, high, (count, 2))

    def grid(self) -> tuple[Floats, Floats]:
        """Coordinates in units, [1, width] and [height, 1]."""
        columns = (np.arange(self.size[0], dtype=np.float32) + 0.5) / np.float32(self.scale)
        rows = (np.arange(self.size[1], dtype=np.float32) + 0.5) / np.float32(self.scale)
        return columns[None, :], rows[:, None]


def whole(colour: Colour | Points) -> tuple[int, int, int]:
    """As Pillow takes a colour to fill with."""
    red, green, blue = np.clip(np.array(colour), 0, 255).astype(int).tolist()
    return red, green, blue


def covering(noise: Floats, share: float, softness: float) -> Floats:
    """0 to 1: the highest ``share`` of ``noise``, with an edge as soft as ``softness``."""
    if share <= 0:
        return np.zeros_like(noise)
    threshold = np.quantile(noise[::4, ::4], 1.0 - share) if share < 1 else -softness
    return np.clip((noise - threshold) / softness + 0.5, 0.0, 1.0).astype(np.float32)


def blobs(  # noqa: PLR0913 (a shape has that many properties)
    rng: np.random.Generator,
    centres: Points,
    radii: Points,
    *,
    stretch: tuple[float, float] = (1.0, 1.0),
    roughness: float = 0.25,
    corners: int = 11,
) -> Points:
    """Outlines [n, corners, 2] of irregular patches of these mean radii, turned at random.

    Each is between ``stretch`` times as long as wide; its area stays that of the radius.
    """
    count = len(centres)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radii[:, None] * (1 + roughness * rng.uniform(-1, 1, (count, corners)))
    longer = np.sqrt(rng.uniform(*stretch, (count, 1)))
    x, y = np.cos(angles) * reach * longer, np.sin(angles) * reach / longer
    turn = rng.uniform(0, np.pi, (count, 1))
    cos, sin = np.cos(turn), np.sin(turn)
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=2) + centres[:, None, :]


def jittered(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """A colour near ``colour``: lighter or darker as a whole, and a little off in each channel."""
    shift = rng.normal(0, spread) + rng.normal(0, spread / 4, 3)
    red, green, blue = np.clip(np.array(colour) + shift, 0, 255).tolist()
    return red, green, blue
