"""Photos drawn with one condition alone: does that grade move, and do the other five stay NONE?

And does the map of that condition lie on what was drawn? Only drawings can tell, for only of them
is known where the lesions are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.drawn import Drawn, draw_alone
from export.judging.answers import Published
from export.judging.attention import Pointing, pointing
from export.judging.metrics import Floats

_SEVERITIES: Final = (Severity.MILD, Severity.MODERATE, Severity.SEVERE)
_BATCH: Final = 8


@dataclass(frozen=True, slots=True)
class Alone:
    """Shares of the drawings of one condition alone.

    ``moved``: its grade is not NONE; ``exact``: it is the grade that was drawn; ``others_none``:
    the other five are NONE; ``both``: moved, and the others NONE.
    """

    photos: int
    moved: float
    exact: float
    others_none: float
    both: float
    pointing: Pointing


@dataclass(frozen=True, slots=True)
class _Seen:
    """``graded`` [n, 6]; ``maps`` and ``lesions`` [n, h, w], of the drawn condition."""

    graded: NDArray[np.int64]
    maps: Floats
    lesions: Floats


def judge_alone(models: Published, count: int, *, seed: int = 0) -> dict[str, Alone]:
    """By condition, from ``count`` drawings altogether, a third of each severity."""
    each = max(1, count // len(Condition))
    return {
        str(condition): _judge(models, condition, each, seed)
        for condition in track(tuple(Condition), "one condition alone")
    }


def _judge(models: Published, condition: Condition, count: int, seed: int) -> Alone:
    severities = [_SEVERITIES[number % len(_SEVERITIES)] for number in range(count)]
    parts = [
        _see(models, condition, drawn)
        for drawn in _batches(draw_alone(condition, s, seed + n) for n, s in enumerate(severities))
    ]
    seen = _Seen(*(np.concatenate([getattr(p, name) for p in parts]) for name in _Seen.__slots__))
    column = tuple(Condition).index(condition)
    own, others = seen.graded[:, column], np.delete(seen.graded, column, axis=1)
    moved, quiet = own > Severity.NONE, (others == Severity.NONE).all(axis=1)
    return Alone(
        photos=count,
        moved=float(moved.mean()),
        exact=float((own == np.array(severities)).mean()),
        others_none=float(quiet.mean()),
        both=float((moved & quiet).mean()),
        pointing=pointing(seen.maps, seen.lesions),
    )


def _batches(drawings: Iterator[Drawn]) -> Iterator[list[Drawn]]:
    batch: list[Drawn] = []
    for drawn in drawings:
        batch.append(drawn)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _see(models: Published, condition: Condition, drawings: Sequence[Drawn]) -> _Seen:
    photos = np.stack([square(drawn.photo, models.input_size) for drawn in drawings])
    features = models.features(photos)
    graded = [models.grade(features, c)[0].argmax(dim=1).numpy() for c in Condition]
    maps = models.grade(features, condition)[1].numpy().astype(np.float64)
    height, width = maps.shape[1:]
    lesions = [cover(drawn.lesions[condition], width, height) for drawn in drawings]
    return _Seen(np.stack(graded, axis=1), maps, np.stack(lesions))


def square(photo: Image.Image, size: int) -> NDArray[np.uint8]:
    """As serving prepares it: the whole frame squeezed to a square, bicubic."""
    return np.asarray(photo.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))


def cover(mask: NDArray[np.bool_], width: int, height: int) -> Floats:
    """What share of each cell of a map a mask ``[H, W]`` covers, ``[height, width]``."""
    picture = Image.fromarray(mask.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float64)
