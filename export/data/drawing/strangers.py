"""Photos that are no scalp: what the in-domain head has to refuse."""

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from export.data.drawing import hair, skin
from export.data.drawing.camera import photograph
from export.data.drawing.canvas import HEIGHT, SIZE, WIDTH, Colour, Floats, blob, smooth_noise
from export.data.drawing.faces import paint_face

_Painter = Callable[[np.random.Generator], Image.Image]
_SHARE_OF_FACES = 0.5
_FUR: tuple[Colour, ...] = ((150, 104, 62), (96, 84, 76), (206, 186, 158), (40, 36, 34))
_WORDS = ("the", "scalp", "photo", "shampoo", "wash", "care", "report", "total", "page", "river")
_SAMPLE_PHOTOS = (
    ("sklearn.datasets.images", "china.jpg"),
    ("sklearn.datasets.images", "flower.jpg"),
    ("matplotlib.mpl-data.sample_data", "grace_hopper.jpg"),
    ("matplotlib.mpl-data.sample_data", "Minduka_Present_Blue_Pack.png"),
)


def draw_stranger(rng: np.random.Generator, kind: str | None = None) -> Image.Image:
    """A 640 × 480 RGB photo of a face, fur, fabric, …: of ``kind``, or of one that ``rng`` picks.

    Raises ``KeyError`` where there is no such kind.
    """
    return photograph(KINDS[kind or pick_kind(rng)](rng), rng)


def pick_kind(rng: np.random.Generator) -> str:
    """One of ``KINDS``; every other is a face, which is what people upload by mistake."""
    if rng.random() < _SHARE_OF_FACES:
        return "face"
    return str(rng.choice([kind for kind in KINDS if kind != "face"]))


def _colour(rng: np.random.Generator) -> Colour:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _fur(rng: np.random.Generator) -> Image.Image:
    colours = (_FUR[rng.integers(len(_FUR))],)
    photo = Image.new("RGB", SIZE, colours[0])
    lean, width = rng.uniform(0, 2 * np.pi), rng.uniform(2.0, 5.0)
    roots = rng.uniform((-60, -60), (WIDTH + 60, HEIGHT + 60), (900, 2))
    strands = [
        hair.grow(root, lean + rng.normal(0, 0.35), rng.uniform(50, 130), width, rng)
        for root in roots
    ]
    for half in (strands[:450], strands[450:]):
        hair.draw_strands(photo, half, colours, rng)
    return photo


def _fabric(rng: np.random.Generator) -> Image.Image:
    period_x, period_y = rng.uniform(4, 26, 2)
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    slant = rng.uniform(-0.6, 0.6)
    warp = np.sin(2 * np.pi * (x + slant * y) / period_x)
    weave = 0.5 + 0.25 * warp + 0.25 * np.sin(2 * np.pi * (y - slant * x) / period_y)
    return _between(weave.astype(np.float32), _colour(rng), _colour(rng))


def _between(share: Floats, one: Colour, other: Colour) -> Image.Image:
    mixed = np.array(one) + share[..., None] * (np.array(other) - np.array(one))
    return Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))


def _bare_skin(rng: np.random.Generator) -> Image.Image:
    """A hand or a cheek: skin with creases, without follicles or hairs."""
    photo = skin.draw_skin(rng)
    draw = ImageDraw.Draw(photo)
    for _ in range(int(rng.integers(0, 9))):
        start, end = rng.uniform(0, WIDTH, 2), rng.uniform(0, WIDTH, 2)
        line = [tuple(start), tuple((start + end) / 2 + rng.normal(0, 25, 2)), tuple(end)]
        draw.line(line, fill=(176, 134, 118), width=int(rng.integers(2, 5)), joint="curve")
    return photo.filter(ImageFilter.GaussianBlur(1.5))


def _page(rng: np.random.Generator) -> Image.Image:
    photo = Image.new("RGB", SIZE, tuple(rng.integers(215, 256, 3).tolist()))
    size = int(rng.integers(14, 34))
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(photo)
    for top in range(10, HEIGHT, round(size * 1.5)):
        words = rng.choice(_WORDS, 14)
        draw.text((12, top), " ".join(words), fill=(30, 30, int(rng.integers(30, 90))), font=font)
    return photo.rotate(rng.uniform(-12, 12), fillcolor=(200, 200, 200))


def _gradient(rng: np.random.Generator) -> Image.Image:
    angle = rng.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(np.linspace(-1, 1, WIDTH), np.linspace(-1, 1, HEIGHT))
    share = 0.5 + 0.5 * (np.cos(angle) * x + np.sin(angle) * y)
    return _between(share.astype(np.float32), _colour(rng), _colour(rng))


def _noise(rng: np.random.Generator) -> Image.Image:
    cells = int(rng.choice([6, 20, 80, 320]))
    channels = [smooth_noise(rng, cells) for _ in range(3)]
    return Image.fromarray((np.stack(channels, axis=2) * 255).astype(np.uint8))


def _landscape(rng: np.random.Generator) -> Image.Image:
    sky = _between(np.repeat(np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None], WIDTH, axis=1),
                   (90, 140, 220), (225, 230, 240))  # fmt: skip
    draw = ImageDraw.Draw(sky)
    for depth in range(int(rng.integers(2, 5))):
        heights = 200 + 70 * depth + rng.normal(0, 40, 9)
        ridge = list(zip(np.linspace(0, WIDTH, 9).tolist(), heights.tolist(), strict=True))
        green = (40 + 20 * depth, 90 + int(rng.integers(0, 60)), 50)
        draw.polygon([(0, HEIGHT), *ridge, (WIDTH, HEIGHT)], fill=green)
    return sky


def _shapes(rng: np.random.Generator) -> Image.Image:
    photo = Image.new("RGB", SIZE, _colour(rng))
    draw = ImageDraw.Draw(photo)
    for _ in range(int(rng.integers(4, 40))):
        centre = rng.uniform((0, 0), SIZE)
        outline = blob(rng, centre, rng.uniform(10, 120), roughness=rng.uniform(0, 0.6))
        draw.polygon([tuple(point) for point in outline.tolist()], fill=_colour(rng))
    return photo


def _plain(rng: np.random.Generator) -> Image.Image:
    return Image.new("RGB", SIZE, _colour(rng))


def _sample(rng: np.random.Generator) -> Image.Image:
    """A piece of a sample photo that an installed package carries; else a view."""
    package, name = _SAMPLE_PHOTOS[rng.integers(len(_SAMPLE_PHOTOS))]
    folder, *below = package.split(".")
    try:
        with files(folder).joinpath(*below, name).open("rb") as file:
            photo = Image.open(file).convert("RGB")
    except (ModuleNotFoundError, FileNotFoundError):
        return _landscape(rng)
    share = rng.uniform(0.35, 1.0)
    width, height = round(photo.width * share), round(photo.height * share)
    left = int(rng.integers(0, photo.width - width + 1))
    top = int(rng.integers(0, photo.height - height + 1))
    return photo.crop((left, top, left + width, top + height)).resize(SIZE)


KINDS: Final[Mapping[str, _Painter]] = {
    "face": paint_face,
    "fur": _fur,
    "fabric": _fabric,
    "bare skin": _bare_skin,
    "page of text": _page,
    "gradient": _gradient,
    "noise": _noise,
    "landscape": _landscape,
    "shapes": _shapes,
    "plain": _plain,
    "sample photo": _sample,
}
