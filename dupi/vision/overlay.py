"""Attention maps as pictures to lay over their photo: where the model looked, not what is there.

Read like a map of heights. Blue, for skin, redness, sebum, pus and scales are pale, red or yellow,
and hair is black or brown; clear enough to see the photo through it; and white lines where the
attention passes a third and two thirds, which are told apart without any colour.
"""

import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

_LEVELS: Final = 255
_LINE: Final = 255
"""The palette's last colour, after those of the levels."""
_SEEN_FROM: Final = 0.15
"""Attention below which nothing is laid over the photo."""
_LINES_AT: Final = (1 / 3, 2 / 3)
_PIXELS_PER_LINE: Final = 320
"""A line is one pixel wide for as many of the photo's width."""
_MOST_OPAQUE: Final = 0.55
_STOPS: Final = (0.0, 0.5, 1.0)
_COLOURS: Final = ((120, 225, 255), (35, 125, 245), (45, 10, 165))
"""Pale blue, blue, indigo: also told apart by lightness alone."""
_COLOUR_OF_LINE: Final = (255, 255, 255, 235)

Map = npt.NDArray[np.floating]


def attention_png(attention: Map, width: int, height: int) -> bytes:
    """A map ``[h, w]`` (0 to 1) as a PNG with alpha of ``width`` × ``height`` pixels.

    Smooth between the cells; the stronger the attention, the darker and the less transparent. The
    PNG has a palette, one byte a pixel: the same picture in RGBA takes five times as long to pack.
    """
    cells = np.nan_to_num(np.asarray(attention, dtype=np.float32), nan=0.0).clip(0.0, 1.0)
    resized = Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC)
    smooth = np.asarray(resized).clip(0.0, 1.0)
    levels = (smooth * (_LEVELS - 1)).astype(np.uint8)
    for threshold in _LINES_AT:
        levels[_border(smooth >= threshold, max(1, width // _PIXELS_PER_LINE))] = _LINE
    picture = Image.fromarray(levels)
    picture.putpalette(_PALETTE[:, :3].tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1, transparency=_PALETTE[:, 3].tobytes())
    return file.getvalue()


def _border(region: npt.NDArray[np.bool_], thickness: int) -> npt.NDArray[np.bool_]:
    """Pixels of a line of this thickness along the edge of ``region``, on its lower right side."""
    border = np.zeros_like(region)
    border[thickness:] = region[thickness:] != region[:-thickness]
    border[:, thickness:] |= region[:, thickness:] != region[:, :-thickness]
    return border


def _palette() -> npt.NDArray[np.uint8]:
    """RGBA of every level, then of the lines: ``[256, 4]``."""
    strength = np.linspace(0.0, 1.0, _LEVELS)
    channels = [np.interp(strength, _STOPS, [c[i] for c in _COLOURS]) for i in range(3)]
    seen = ((strength - _SEEN_FROM) / (1 - _SEEN_FROM)).clip(0.0, 1.0)
    alpha = 255 * _MOST_OPAQUE * np.sqrt(seen)
    levels = np.stack([*channels, alpha], axis=-1).round().astype(np.uint8)
    return np.vstack([levels, np.array([_COLOUR_OF_LINE], np.uint8)])


_PALETTE: Final = _palette()
