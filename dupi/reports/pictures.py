"""Photos as the report prints them: small enough for paper, the attention laid over, no metadata.

Plain computation on files of our own making; ``printing.py`` runs it beside the event loop.
"""

import io
from typing import Final

from PIL import Image

_SIDE: Final = 1000
"""Longer side, in pixels: some 400 a printed inch."""
_QUALITY: Final = 88


def printed_photo(jpeg: bytes) -> bytes:
    """A stored photo as a JPEG for print."""
    return _encoded(_opened(jpeg).convert("RGB"))


def printed_overlay(jpeg: bytes, attention_png: bytes) -> bytes:
    """The same with an attention map over it, as a JPEG of the same size."""
    photo = _opened(jpeg).convert("RGBA")
    attention = _opened(attention_png).convert("RGBA")
    if attention.size != photo.size:
        attention = attention.resize(photo.size, Image.Resampling.BILINEAR)
    return _encoded(Image.alpha_composite(photo, attention).convert("RGB"))


def _opened(data: bytes) -> Image.Image:
    """Shrunk to print. Stored files are upright and of our own making."""
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
        small = image.convert("RGBA") if image.format == "PNG" else image.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return small


def _encoded(image: Image.Image) -> bytes:
    image.info = {}
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
