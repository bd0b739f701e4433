"""What stands behind a person: a wall, a sky, things out of focus."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from export.data.drawing.canvas import HEIGHT, WIDTH, Canvas, Draw, blobs, whole


def paint_background(canvas: Canvas) -> Image.Image:
    """A wall, a sky or a room, RGB, sharp or out of focus."""
    rng, size = canvas.rng, canvas.size
    colourful = rng.choice([10, 70])
    greys = rng.integers(40, 235, (2, 1)) + rng.normal(0, colourful, (2, 3))
    one, other = np.clip(greys, 0, 255)
    kind = rng.integers(4)
    if kind == 0:
        return Image.new("RGB", size, whole(one))
    share = canvas.noise(int(rng.integers(1, 12)))[..., None] ** rng.uniform(0.5, 2)
    photo = Image.fromarray((one + share * (other - one)).astype(np.uint8))
    if kind > 1:
        _furnish(ImageDraw.Draw(photo), rng, canvas.scale)
    return photo.filter(ImageFilter.GaussianBlur(6 * canvas.scale)) if kind > 2 else photo


def _furnish(draw: Draw, rng: np.random.Generator, zoom: float) -> None:
    """Frames, shelves, leaves: some shapes behind the person."""
    for _ in range(int(rng.integers(3, 16))):
        colour, place = (
            tuple(rng.integers(0, 256, 3).tolist()),
            rng.uniform((0, 0), (WIDTH, HEIGHT)) * zoom,
        )
        if rng.random() < 0.5:
            far = place + rng.uniform(20, 220, 2) * zoom
            draw.rectangle((*place.tolist(), *far.tolist()), fill=colour)
        else:
            radius = rng.uniform(10, 90, 1) * zoom
            outline = blobs(rng, place[None], radius, roughness=0.4)[0]
            draw.polygon(outline.ravel().tolist(), fill=colour)
