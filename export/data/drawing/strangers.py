"""Photos of things that are no scalp, through the same cameras and with the same nuisances, so that
nothing but what they show tells them from scalps.

In training what is easily taken for a scalp is common; a test set holds as many of each kind. A few
are pieces of sample photos that packages carry, where those are installed.
"""

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from export.data.drawing import nuisances
from export.data.drawing.camera import photograph
from export.data.drawing.canvas import HEIGHT, WIDTH, Canvas, blobs, whole
from export.data.drawing.devices import Device
from export.data.drawing.faces import paint_face
from export.data.drawing.materials import (
    mix,
    paint_arm,
    paint_bare_skin,
    paint_fabric,
    paint_fur,
    paint_page,
    paint_screen,
    random_colour,
)
from export.data.drawing.sampling import Purpose

_Painter = Callable[[Canvas], None]
_COMMON = {"face": 6, "fur": 2, "fabric": 2, "bare skin": 3, "arm": 2}
"""How often a kind is drawn in training, against any other kind."""
_SAMPLE_PHOTOS = (
    ("sklearn.datasets.images", "china.jpg"),
    ("sklearn.datasets.images", "flower.jpg"),
    ("matplotlib.mpl-data.sample_data", "grace_hopper.jpg"),
    ("matplotlib.mpl-data.sample_data", "Minduka_Present_Blue_Pack.png"),
)


def draw_stranger(
    kind: str, device: Device, rng: np.random.Generator, *, width: int = WIDTH
) -> Image.Image:
    """An RGB photo, 4:3, of this kind of thing; raises ``KeyError`` where there is none such."""
    canvas = Canvas(rng, width=width, magnification=device.magnification)
    KINDS[kind](canvas)
    nuisances.add(canvas, nuisances.OVER_HAIR, nuisances.choose_some(rng))
    return photograph(canvas, device)


def pick_kind(rng: np.random.Generator, purpose: Purpose = Purpose.TRAINING) -> str:
    """One of ``KINDS``; in training most often a face, which is what people upload by mistake."""
    common = _COMMON if purpose is Purpose.TRAINING else {}
    weights = np.array([common.get(kind, 1) for kind in KINDS])
    return str(rng.choice(list(KINDS), p=weights / weights.sum()))


def _gradient(canvas: Canvas) -> None:
    (x, y), angle = canvas.grid(), canvas.rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * (x / WIDTH - 0.5) + np.sin(angle) * (y / HEIGHT - 0.5)
    share = (0.5 + slope).astype(np.float32)
    mix(canvas, share, random_colour(canvas.rng), random_colour(canvas.rng))


def _noise(canvas: Canvas) -> None:
    cells = int(canvas.rng.choice([6, 20, 80, 320]))
    for channel in canvas.pixels:
        channel[:] = canvas.noise(cells) * 255


def _landscape(canvas: Canvas) -> None:
    rng, height = canvas.rng, canvas.size[1]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    mix(canvas, np.repeat(down, canvas.size[0], axis=1), (90, 140, 220), (225, 230, 240))
    for depth in range(int(rng.integers(2, 5))):
        heights = 200 + 70 * depth + rng.normal(0, 40, 9)
        ridge = np.stack([np.linspace(0, WIDTH, 9), heights], axis=1)
        outline = np.concatenate([[[0, HEIGHT]], ridge, [[WIDTH, HEIGHT]]])
        green = (40 + 20 * depth, 90 + rng.uniform(0, 60), 50)
        canvas.lay(green, canvas.polygons([outline]))


def _shapes(canvas: Canvas) -> None:
    rng, count = canvas.rng, int(canvas.rng.integers(4, 40))
    photo = Image.new("RGB", canvas.size, whole(random_colour(rng)))
    draw, radii = ImageDraw.Draw(photo), rng.uniform(10, 120, count)
    outlines = blobs(rng, canvas.anywhere(count), radii, roughness=rng.uniform(0, 0.6))
    for outline in outlines * canvas.scale:
        draw.polygon(outline.ravel().tolist(), fill=whole(random_colour(rng)))
    canvas.paste(photo)


def _plain(canvas: Canvas) -> None:
    colour = random_colour(canvas.rng)
    mix(canvas, canvas.empty(), colour, colour)


def _sample(canvas: Canvas) -> None:
    """A piece of a sample photo that an installed package carries; else a view."""
    rng = canvas.rng
    package, name = _SAMPLE_PHOTOS[rng.integers(len(_SAMPLE_PHOTOS))]
    folder, *below = package.split(".")
    try:
        with files(folder).joinpath(*below, name).open("rb") as file:
            photo = Image.open(file).convert("RGB")
    except (ModuleNotFoundError, FileNotFoundError):
        _landscape(canvas)
        return
    piece = np.array(photo.size) * rng.uniform(0.35, 1.0)
    left, top = rng.uniform((0, 0), photo.size - piece)
    box = (round(left), round(top), round(left + piece[0]), round(top + piece[1]))
    canvas.paste(photo.crop(box).resize(canvas.size))


KINDS: Final[Mapping[str, _Painter]] = {
    "face": paint_face,
    "fur": paint_fur,
    "fabric": paint_fabric,
    "bare skin": paint_bare_skin,
    "arm": paint_arm,
    "page of text": paint_page,
    "screen of text": paint_screen,
    "gradient": _gradient,
    "noise": _noise,
    "landscape": _landscape,
    "shapes": _shapes,
    "plain": _plain,
    "sample photo": _sample,
}
