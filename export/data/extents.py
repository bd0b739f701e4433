"""How much of each condition lies where in a drawn photo: a renderer knows it, no person labels it.

A network that is told so, beside the grades, learns in a few epochs what grades alone do not teach
it within hours on a CPU. Photos of people have no such file, and are trained on by their grades.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dupi.knowledge.vocabulary import Condition
from export.data.items import EXTENTS, Item

SIDE: Final = 40
"""Cells a side: the whole frame, squeezed to a square as the photo is for the model."""
UNKNOWN: Final = 255
SCALE: Final = 250
"""A cell holds ``SCALE * sqrt(extent)``: thin scale over a hundredth of it is still told well."""

Extents = NDArray[np.uint8]
_SHAPE: Final = (len(Condition), SIDE, SIDE)


def encoded(maps: Sequence[NDArray[np.float32]]) -> Extents:
    """Extents from 0 to 1 of each condition ``[h, w]`` to ``[6, SIDE, SIDE]``."""
    cells = [np.asarray(_cells(one), np.float32) for one in maps]
    return np.rint(np.sqrt(np.clip(cells, 0, 1)) * SCALE).astype(np.uint8)


def _cells(extent: NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(extent.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BOX)


def write_extents(path: Path, extents: Extents) -> None:
    """As a grey PNG, the conditions below each other, so that one can look at it."""
    Image.fromarray(extents.reshape(-1, SIDE)).save(path)


def extents_file(photo: Path) -> Path:
    return photo.parent.parent / EXTENTS / f"{photo.stem}.png"


def read_extents(items: Sequence[Item]) -> Extents:
    """``[n, 6, SIDE, SIDE]``; ``UNKNOWN`` throughout for a photo without such a file.

    Raises ``ValueError`` where a file is of another shape.
    """
    found = np.full((len(items), *_SHAPE), UNKNOWN, np.uint8)
    for row, item in enumerate(items):
        if (path := extents_file(item.path)).exists():
            with Image.open(path) as picture:
                found[row] = np.asarray(picture).reshape(_SHAPE)
    return found
