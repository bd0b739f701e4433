"""Photos for tests: sharp, well lit, skin with hairs; and files made to harm."""

import io
import struct
import zlib
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw


@cache
def scalp_picture(width: int = 640, height: int = 480, *, seed: int = 7) -> Image.Image:
    """Skin with some noise and dark hairs all over it, alike at every size."""
    random = np.random.default_rng(seed)
    skin = np.array([214, 170, 150]) + random.normal(0, 8, (height, width, 1))
    picture = Image.fromarray(skin.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    scale = width / 640
    for x, y, dx, dy in random.uniform((0, 0, -60, 40), (640, 480, 60, 160), (220, 4)) * scale:
        draw.line((x, y, x + dx, y + dy), fill=(45, 32, 28), width=round(2 * scale))
    return picture


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def photo_bytes(width: int = 640, height: int = 480, *, seed: int = 7) -> bytes:
    """A JPEG that the quality gate lets through."""
    return encoded(scalp_picture(width, height, seed=seed), quality=90)


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def png_of_header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG that claims these dimensions and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1000, 9)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG, with its checksum."""
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
