"""What lies under the glass and is no scalp: fur, cloth, skin without follicles, written words."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from export.data.drawing import hair, inflammation, skin
from export.data.drawing.canvas import (
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    Floats,
    Points,
    covering,
    whole,
)
from export.data.drawing.person import some_person

_FUR: tuple[Colour, ...] = (
    (150, 104, 62), (96, 84, 76), (206, 186, 158), (40, 36, 34), (196, 120, 60), (228, 224, 218),
)  # fmt: skip
_WORDS = (
    "the", "scalp", "photo", "shampoo", "wash", "care", "report", "total", "page", "river", "and",
    "of", "with", "under", "light", "12.50", "no.", "figure", "result", "hair", "people", "window",
)  # fmt: skip


def random_colour(rng: np.random.Generator) -> Colour:
    red, green, blue = rng.uniform(0, 256, 3).tolist()
    return red, green, blue


def mix(canvas: Canvas, share: Floats, one: Colour, other: Colour) -> None:
    """Paints from ``one`` to ``other`` by ``share`` [height, width], 0 to 1."""
    for channel, low, high in zip(canvas.pixels, one, other, strict=True):
        channel[:] = np.float32(low) + share * np.float32(high - low)


def paint_fur(canvas: Canvas) -> None:
    """An animal's coat: close, fine hairs in tufts, of one colour or spotted, no skin between."""
    rng = canvas.rng
    colours = np.array(_FUR)[rng.integers(len(_FUR), size=2)]
    spots = covering(canvas.noise(4), rng.choice([0.0, 0.3, 0.6]), 0.1)
    mix(canvas, spots, *(tuple((c * 0.6).tolist()) for c in colours))
    count, lean, turning = 700, rng.uniform(0, 2 * np.pi), canvas.noise(3)
    roots = rng.uniform((-60, -60), (WIDTH + 60, HEIGHT + 60), (count, 2))
    angles = lean + 2 * (canvas.at(turning, roots) - 0.5) + rng.normal(0, 0.3, count)
    lengths, widths = (
        rng.uniform(40, 140, count),
        rng.uniform(1.6, 4.4) * rng.uniform(0.6, 1, count),
    )
    hairs = hair.strands(rng, roots, angles, lengths, widths, wave=rng.uniform(0, 4))
    coat = colours[(canvas.at(spots, roots) > 0.5).astype(int)]
    tones = coat + rng.normal(0, 16, (count, 1))
    for some in np.array_split(np.arange(count), 2):
        hair.draw_strands(canvas, hairs.only(some), tones[some], rng.uniform(8, 40))


def paint_fabric(canvas: Canvas) -> None:
    """Woven or knitted cloth, plain or with stripes."""
    rng, (x, y) = canvas.rng, canvas.grid()
    period_x, period_y, slant = *rng.uniform(5, 30, 2), rng.uniform(-0.6, 0.6)
    bumps = 5 * (canvas.noise(20) - 0.5) * rng.uniform(0, 1)
    warp = np.sin(2 * np.pi * (x + slant * y + bumps) / period_x)
    weft = np.sin(2 * np.pi * (y - slant * x + bumps) / period_y)
    weave = warp * weft if rng.random() < 0.5 else (warp + weft) / 2
    mix(canvas, (0.5 + 0.5 * weave).astype(np.float32), random_colour(rng), random_colour(rng))
    if rng.random() < 0.4:
        stripes = np.broadcast_to(np.sin(2 * np.pi * x / rng.uniform(60, 300)) > 0.3, weave.shape)
        canvas.stain((0.7, 0.75, 0.8), stripes.astype(np.float32), 0.8)
    canvas.stain((0.6, 0.6, 0.62), canvas.noise(5), rng.uniform(0, 0.6))


def paint_bare_skin(canvas: Canvas) -> None:
    """A palm, a cheek or a forehead: furrows and creases, blush and moles, no follicles."""
    rng = canvas.rng
    skin.draw_skin(canvas, some_person(rng).skin)
    if rng.random() < 0.4:
        nowhere: Points = np.zeros((0, 2))
        inflammation.draw_erythema(canvas, rng.uniform(5, 60), "diffuse", nowhere)
    paths = creases(canvas, int(rng.integers(0, 12)))
    canvas.stain((0.72, 0.62, 0.58), canvas.lines(paths, rng.uniform(1.5, 5), blur=2), 0.8)


def creases(canvas: Canvas, count: int) -> Points:
    """``count`` lines [n, 9, 2] across the frame, all in much the same direction."""
    rng, along = canvas.rng, np.linspace(-0.6, 0.6, 9) * WIDTH
    heading = rng.uniform(0, np.pi) + rng.normal(0, 0.25, (count, 1))
    bend = rng.normal(0, 0.0006, (count, 1)) * along**2
    x, y = along * np.cos(heading) - bend * np.sin(heading), along * np.sin(heading)
    return canvas.anywhere(count)[:, None, :] + np.stack([x, y + bend * np.cos(heading)], axis=2)


def paint_arm(canvas: Canvas) -> None:
    """A forearm or a leg, from farther away: fine, short hairs on skin, often with its outline."""
    rng, person = canvas.rng, some_person(canvas.rng)
    skin.draw_skin(canvas, person.skin)
    count = int(rng.integers(15, 130))
    lean, widths = rng.uniform(0, 2 * np.pi), rng.uniform(1.0, 2.2, count)
    roots, lengths = canvas.anywhere(count), rng.uniform(25, 80, count)
    hairs = hair.strands(rng, roots, lean + rng.normal(0, 0.3, count), lengths, widths, wave=3)
    hair.draw_strands(canvas, hairs, np.array(person.hair) + rng.normal(30, 15, (count, 1)), 20)
    x, y = canvas.grid()
    angle, edge = rng.uniform(0, 2 * np.pi), rng.uniform(60, 420)
    across = np.cos(angle) * (x - WIDTH / 2) + np.sin(angle) * (y - HEIGHT / 2)
    canvas.stain((0.5, 0.42, 0.4), np.clip(across / edge, 0, 1).astype(np.float32), 0.8)
    canvas.lay(random_colour(rng), np.clip((across - edge) / 4, 0, 1).astype(np.float32))


def paint_page(canvas: Canvas) -> None:
    """Printed words on paper."""
    rng = canvas.rng
    paper = np.array((252, 248, 238)) - rng.uniform(0, 40)
    _write(canvas, whole(paper), whole(rng.uniform(10, 90, 3)), turn=rng.uniform(-15, 15))
    canvas.stain((0.7, 0.7, 0.72), canvas.noise(3), rng.uniform(0, 0.6))


def paint_screen(canvas: Canvas) -> None:
    """Words on a screen, light or dark, with its raster."""
    rng = canvas.rng
    dark, light = rng.uniform(8, 60, 3), rng.uniform(190, 250, 3)
    colours = (whole(dark), whole(light)) if rng.random() < 0.5 else (whole(light), whole(dark))
    _write(canvas, *colours, turn=rng.uniform(-4, 4))
    x, y = canvas.grid()
    raster = np.sin(x * rng.uniform(0.8, 2.2)) * np.sin(y * rng.uniform(0.8, 2.2))
    canvas.stain((0.7, 0.72, 0.78), (raster > 0).astype(np.float32), rng.uniform(0.1, 0.6))


def _write(
    canvas: Canvas, paper: tuple[int, int, int], ink: tuple[int, int, int], *, turn: float
) -> None:
    rng, zoom = canvas.rng, canvas.scale
    photo = Image.new("RGB", canvas.size, paper)
    size = rng.uniform(14, 44) * zoom
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(photo)
    for line in range(int(canvas.size[1] / (size * 1.5)) + 1):
        words = " ".join(rng.choice(_WORDS, int(rng.integers(2, 14))))
        draw.text((12 * zoom, line * size * 1.5), words, fill=ink, font=font)
    canvas.paste(photo.rotate(turn, Image.Resampling.BICUBIC, fillcolor=paper))
