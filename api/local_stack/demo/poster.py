"""One picture of the result: each photo, its worst findings laid over it, and their grades."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from api.local_stack.demo.pictures import Overlay
from dupi.knowledge.vocabulary import Severity

_TILE: Final = (320, 240)
_CAPTION: Final = 30
_GAP: Final = 10
_SHOWN: Final = 2
_FONT: Final = ImageFont.load_default(size=15)
_PAPER: Final = "#ffffff"
_INK: Final = "#1f2933"


def draw_poster(photos: dict[str, Image.Image], overlays: Sequence[Overlay]) -> Image.Image:
    """A row a site: its photo from ``photos``, then the maps of its worst findings."""
    rows = [
        [_tile(photos[site], f"{site.lower()}, as uploaded"), *map(_overlay_tile, _worst(own))]
        for site, own in groupby(overlays, key=lambda overlay: overlay.site)
    ]
    width = (1 + _SHOWN) * (_TILE[0] + _GAP) + _GAP
    height = len(rows) * (_TILE[1] + _CAPTION + _GAP) + _GAP
    poster = Image.new("RGB", (width, height), _PAPER)
    for row, tiles in enumerate(rows):
        for column, tile in enumerate(tiles):
            at = (_GAP + column * (_TILE[0] + _GAP), _GAP + row * (tile.height + _GAP))
            poster.paste(tile, at)
    return poster


def _worst(overlays: Iterable[Overlay]) -> list[Overlay]:
    graded = [overlay for overlay in overlays if overlay.finding["severity"]]
    return sorted(graded, key=_badness, reverse=True)[:_SHOWN]


def _badness(overlay: Overlay) -> tuple[int, float]:
    return Severity[overlay.finding["severity"]], overlay.finding["confidence"]


def _overlay_tile(overlay: Overlay) -> Image.Image:
    condition = overlay.finding["condition"].replace("_", " ").lower()
    return _tile(_read(overlay.path), f"{condition}: {overlay.finding['severity'].lower()}")


def _read(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _tile(image: Image.Image, caption: str) -> Image.Image:
    tile = Image.new("RGB", (_TILE[0], _TILE[1] + _CAPTION), _PAPER)
    tile.paste(image.convert("RGB").resize(_TILE), (0, 0))
    ImageDraw.Draw(tile).text((4, _TILE[1] + 6), caption, fill=_INK, font=_FONT)
    return tile
