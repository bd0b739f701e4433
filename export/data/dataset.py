"""Reads labelled photos in the AI-Hub layout, whatever the folders, into one packed array.

Photos and labels are found by name; a photo that lies in several folders is taken once, by its name
and by its content. Splits go by session or, stricter, by device, and never share either's photos.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from dupi.knowledge.labels import PhotoName, parse_grades
from dupi.knowledge.vocabulary import Condition
from export.data.items import NO_GRADE, STRANGERS, Item, Packed, Split, data_digest

__all__ = [
    "NO_GRADE",
    "STRANGERS",
    "Item",
    "Packed",
    "Split",
    "data_digest",
    "find_items",
    "model_input",
    "pack",
    "packed_splits",
    "split_items",
]

_SHARES = {"test": 0.08, "calibration": 0.08}


@dataclass(frozen=True, slots=True)
class Found:
    items: tuple[Item, ...]
    repeated_names: int
    repeated_contents: int
    without_label: int

    @property
    def summary(self) -> str:
        return (
            f"{len(self.items)} photos; left out: {self.repeated_names} of a repeated name, "
            f"{self.repeated_contents} of a repeated content, {self.without_label} without a label"
        )


def find_items(folder: Path) -> Found:
    """Every labelled photo and every stranger below ``folder``; raises ``BadLabel``."""
    labels = {p.stem: p for p in folder.rglob("*.json") if not p.stem.endswith("_META")}
    counts: Counter[str] = Counter()
    names: set[str] = set()
    contents: set[str] = set()
    items = []
    for path in sorted(folder.rglob("*.jpg")):
        stranger = STRANGERS in path.parts
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if path.stem in names:
            counts["name"] += 1
        elif digest in contents:
            counts["content"] += 1
        elif not stranger and path.stem not in labels:
            counts["label"] += 1
        else:
            items.append(_item(path, digest, None if stranger else labels[path.stem]))
            names.add(path.stem)
            contents.add(digest)
    return Found(tuple(items), counts["name"], counts["content"], counts["label"])


def _item(path: Path, digest: str, label: Path | None) -> Item:
    if label is None:
        return Item(path, path.stem, path.stem, (), digest)
    name = PhotoName.parse(path.stem)
    grades = parse_grades(label.read_bytes(), label.name)
    return Item(path, name.group, name.device, tuple(int(g) for g in grades.values()), digest)


def split_of(key: str) -> Split:
    """The side on which a session (or device) lies; it stays there when a data set grows."""
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
    for split, share in _SHARES.items():
        if place < share:
            return Split(split)
        place -= share
    return Split.TRAINING


def split_items(items: Iterable[Item], *, by_device: bool = False) -> dict[Split, list[Item]]:
    """By session, or by device; raises ``ValueError`` where a photo would lie on two sides."""
    parts: dict[Split, list[Item]] = {split: [] for split in Split}
    for item in items:
        parts[split_of(item.device if by_device else item.group)].append(item)
    refuse_leaks(parts)
    return parts


def refuse_leaks(parts: dict[Split, list[Item]]) -> None:
    for kind in ("group", "digest"):
        sides: dict[str, Split] = {}
        for split, items in parts.items():
            for item in items:
                if sides.setdefault(getattr(item, kind), split) is not split:
                    raise ValueError(f"{item.path.name}: its {kind} lies in two splits")


def model_input(path: Path, size: int) -> NDArray[np.uint8]:
    """The whole frame squeezed to a square, as serving does it: Pillow, bicubic, RGB."""
    with Image.open(path) as photo:
        square = photo.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square)


def pack(items: list[Item], size: int) -> Packed:
    photos = np.empty((len(items), size, size, 3), np.uint8)
    grades = np.full((len(items), len(Condition)), NO_GRADE, np.int64)
    for row, item in enumerate(track(items, "packing photos")):
        photos[row] = model_input(item.path, size)
        if item.grades:
            grades[row] = item.grades
    return Packed(photos, grades)


def packed_splits(folder: Path, cache: Path, size: int) -> dict[Split, Packed]:
    """The folder's splits, packed once into ``cache``; packed anew when photos were added."""
    found = find_items(folder)
    Console().print(found.summary)
    state = hashlib.sha256("".join(item.digest for item in found.items).encode()).hexdigest()[:16]
    path = cache / f"packed-{size}-{state}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, NDArray[Any]] = {}
        for split, items in split_items(found.items).items():
            packed = pack(items, size)
            arrays |= {f"{split}_photos": packed.photos, f"{split}_grades": packed.grades}
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **arrays)  # type: ignore[arg-type]
        partial.replace(path)
    with np.load(path) as kept:
        return {s: Packed(kept[f"{s}_photos"], kept[f"{s}_grades"]) for s in Split}
