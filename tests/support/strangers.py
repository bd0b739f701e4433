"""Photos of what is no scalp, by kind, as a person might upload them."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from export.data.drawing.camera import photograph
from export.data.drawing.canvas import HEIGHT, WIDTH, Canvas
from export.data.drawing.devices import pick_device
from export.data.drawing.sampling import Purpose
from export.data.drawing.strangers import KINDS as DRAWN

_Painter = Callable[[Canvas], None]
_WORDS = ("the", "scalp", "photo", "shampoo", "wash", "care", "report", "total", "page", "river")


def _face(canvas: Canvas) -> None:
    """A head and shoulders before a wall: hair, eyes, brows, nose, mouth."""
    rng = canvas.rng
    photo = Image.new("RGB", (WIDTH, HEIGHT), tuple(rng.integers(120, 220, 3).tolist()))
    draw = ImageDraw.Draw(photo)
    x, y = WIDTH // 2 + int(rng.integers(-40, 40)), HEIGHT // 2
    skin, hair = (224, 182, 158), (48, 34, 28)
    draw.ellipse((x - 230, y + 150, x + 230, y + 500), fill=(60, 80, 140))
    draw.ellipse((x - 150, y - 220, x + 150, y + 90), fill=hair)
    draw.ellipse((x - 125, y - 160, x + 125, y + 190), fill=skin)
    for side in (-55, 55):
        draw.ellipse((x + side - 26, y - 42, x + side + 26, y - 14), fill="white")
        draw.ellipse((x + side - 11, y - 40, x + side + 11, y - 16), fill=(70, 46, 30))
        draw.line((x + side - 34, y - 62, x + side + 30, y - 66), fill=hair, width=8)
    draw.line((x, y - 20, x - 12, y + 45, x + 10, y + 50), fill=(190, 140, 118), width=5)
    draw.chord((x - 50, y + 70, x + 50, y + 118), 0, 180, fill=(176, 70, 74))
    canvas.paste(photo.filter(ImageFilter.GaussianBlur(1)))


def _page(canvas: Canvas) -> None:
    rng = canvas.rng
    photo = Image.new("RGB", (WIDTH, HEIGHT), tuple(rng.integers(215, 256, 3).tolist()))
    size = int(rng.integers(14, 34))
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(photo)
    for top in range(10, HEIGHT, round(size * 1.5)):
        words = " ".join(rng.choice(_WORDS, 14))
        draw.text((12, top), words, fill=(30, 30, int(rng.integers(30, 90))), font=font)
    canvas.paste(photo.rotate(rng.uniform(-12, 12), fillcolor=(200, 200, 200)))


KINDS: Final[Mapping[str, _Painter]] = {
    "landscape": DRAWN["landscape"],
    "face": _face,
    "fur": DRAWN["fur"],
    "fabric": DRAWN["fabric"],
    "bare skin": DRAWN["bare skin"],
    "page of text": _page,
}


def stranger(kind: str, seed: int) -> Image.Image:
    """A 640 × 480 photo of this kind, through the same cameras as drawn scalps."""
    canvas = Canvas(np.random.default_rng(seed))
    KINDS[kind](canvas)
    return photograph(canvas, pick_device(canvas.rng, Purpose.TRAINING))
