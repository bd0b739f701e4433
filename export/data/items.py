"""What the readers of photos hand on, and what training and judging take: items, splits, arrays."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dupi.knowledge.vocabulary import Gender, ScalpSite

STRANGERS: Final = "strangers"
"""Folder, anywhere in a path, whose photos are no scalps."""
EXTENTS: Final = "extents"
"""Folder beside a folder of drawn photos; its pictures are no photos."""
NO_GRADE: Final = -1
CONSENTED: Final = "people who consented to training"
"""Source of photos that must go, wherever they were copied to, when a consent is withdrawn."""


class Split(StrEnum):
    """``VALIDATION`` chooses the best epoch, ``CALIBRATION`` temperatures and thresholds."""

    TRAINING = "training"
    VALIDATION = "validation"
    CALIBRATION = "calibration"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Item:
    """One photo, found once.

    ``grades``: 0 to 3 in the order of ``Condition``; empty for a stranger (a photo that is no
    scalp). ``group``: photos that never lie on two sides of a split, mostly a session. ``digest``:
    sha256 of the file. ``source``: where the photo comes from, for the model card. ``picture``: its
    perceptual hashes (``fingerprints``), by which it is known though it was saved anew.
    """

    path: Path
    group: str
    device: str
    grades: tuple[int, ...]
    digest: str
    site: ScalpSite | None = None
    age: str | None = None
    gender: Gender | None = None
    source: str = ""
    picture: str = ""


def data_digest(items: Iterable[Item]) -> str:
    """sha256 over the sorted digests: the same photos have the same, wherever they lie."""
    return hashlib.sha256("\n".join(sorted(item.digest for item in items)).encode()).hexdigest()


def split_digest(parts: Mapping[Split, Iterable[Item]]) -> str:
    """sha256 over digest, grades and side of every photo."""
    placed = [(split, item) for split, items in parts.items() for item in items]
    lines = sorted(f"{item.digest} {item.grades} {split}" for split, item in placed)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _nothing() -> NDArray[np.str_]:
    return np.empty(0, np.str_)


@dataclass(frozen=True, slots=True)
class Packed:
    """Photos as arrays, row by row; text is "" where it is not known.

    ``photos`` uint8 [n, S, S, 3] (a memory map, where it was read from a file); ``grades`` int64
    [n, 6], ``NO_GRADE`` throughout for a stranger; ``extents`` as ``export.data.extents`` reads
    them, where they were asked for; the others text [n].
    """

    photos: NDArray[np.uint8]
    grades: NDArray[np.int64]
    groups: NDArray[np.str_] = field(default_factory=_nothing)
    devices: NDArray[np.str_] = field(default_factory=_nothing)
    sites: NDArray[np.str_] = field(default_factory=_nothing)
    ages: NDArray[np.str_] = field(default_factory=_nothing)
    genders: NDArray[np.str_] = field(default_factory=_nothing)
    sources: NDArray[np.str_] = field(default_factory=_nothing)
    data_sha256: str = ""
    """``data_digest`` of the whole data set, all splits together."""
    split_by: str = ""
    split_sha256: str = ""
    """``split_digest`` of the whole data set."""
    extents: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        for name in ("groups", "devices", "sites", "ages", "genders", "sources"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(len(self.photos), "", np.str_))

    def __len__(self) -> int:
        return len(self.photos)
