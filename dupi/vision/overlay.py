"""Attention maps as pictures to lay over their photo."""

import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

_LEVELS: Final = 256
_SEEN_FROM: Final = 0.15
"""Attention below which nothing is laid over the photo."""
_MOST_OPAQUE: Final = 0.65
_STOPS: Final = (0.0, 0.4, 0.7, 1.0)
_COLOURS: Final = ((254, 224, 80), (253, 141, 36), (222, 33, 36), (128, 0, 70))
"""Yellow, orange, red, dark magenta: also told apart by lightness alone."""

Map = npt.NDArray[np.floating]


def attention_png(attention: Map, width: int, height: int) -> bytes:
    """A map ``[h, w]`` (0 to 1) as a PNG with alpha of ``width`` × ``height`` pixels.

    Smooth between the cells; the stronger the attention, the darker and the less transparent. The
    PNG has a palette, one byte a pixel: the same picture in RGBA takes five times as long to pack.
    """
    cells = np.nan_to_num(np.asarray(attention, dtype=np.float32), nan=0.0).clip(0.0, 1.0)
    smooth = Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC)
    picture = Image.fromarray((np.asarray(smooth).clip(0.0, 1.0) * (_LEVELS - 1)).astype(np.uint8))
    picture.putpalette(_COLOUR_OF_LEVEL[:, :3].tobytes())
    file = io.BytesIO()
    alpha = _COLOUR_OF_LEVEL[:, 3].tobytes()
    picture.save(file, "PNG", compress_level=1, transparency=alpha)
    return file.getvalue()


def _colour_of_level() -> npt.NDArray[np.uint8]:
    """RGBA of every level, ``[256, 4]``."""
    strength = np.linspace(0.0, 1.0, _LEVELS)
    channels = [np.interp(strength, _STOPS, [c[i] for c in _COLOURS]) for i in range(3)]
    seen = ((strength - _SEEN_FROM) / (1 - _SEEN_FROM)).clip(0.0, 1.0)
    alpha = 255 * _MOST_OPAQUE * np.sqrt(seen)
    return np.stack([*channels, alpha], axis=-1).round().astype(np.uint8)


_COLOUR_OF_LEVEL: Final = _colour_of_level()
