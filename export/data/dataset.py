"""Photos of all sources together: AI-Hub folders, images gathered elsewhere, consented photos."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from export.data.aihub import Found, find_items, read_photos
from export.data.consented import read_consented
from export.data.extents import read_extents
from export.data.extra import DEFAULT_LICENCES, drop_known, read_extra
from export.data.items import (
    CONSENTED,
    NO_GRADE,
    STRANGERS,
    Item,
    Packed,
    Split,
    data_digest,
    split_digest,
)
from export.data.merging import settle
from export.data.packing import forget_withdrawn, model_input, pack
from export.data.real_photos import refuse_judging
from export.data.remarks import Remarks
from export.data.splits import SplitBy, split_items

__all__ = [
    "NO_GRADE",
    "STRANGERS",
    "Found",
    "Item",
    "Packed",
    "Sources",
    "Split",
    "SplitBy",
    "data_digest",
    "find_items",
    "gather",
    "gather_beside",
    "model_input",
    "pack",
    "packed_splits",
    "split_items",
]

_FINGERPRINTS = "fingerprints.sqlite"


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders by the reader that they are for; ``licences`` allowed for extra images."""

    aihub: tuple[Path, ...] = ()
    extra: tuple[Path, ...] = ()
    consented: tuple[Path, ...] = ()
    licences: Collection[str] = DEFAULT_LICENCES


def gather(sources: Sources | Path, *, cache: Path | None = None, strict: bool = False) -> Found:
    """Photos of all ``sources`` (a path: an AI-Hub folder), each picture once.

    ``cache``: file that keeps hashes between runs. Raises BadData where ``strict`` meets a fault,
    Unlicensed, BadLabel and FileNotFoundError as the readers do.
    """
    sources = Sources((sources,)) if isinstance(sources, Path) else sources
    remarks = Remarks(is_strict=strict)
    items = [item for folder in sources.aihub for item in read_photos(folder, remarks, cache)]
    items += [item for folder in sources.consented for item in read_consented(folder, remarks)]
    for folder in sources.extra:
        extra = read_extra(folder, remarks, licences=sources.licences, cache=cache)
        items += drop_known(extra, items, remarks)
    return Found(tuple(settle(items, remarks)), remarks)


def gather_beside(cache: Path, sources: Sources | Path) -> Found:
    """``gather``, with the hashes kept in the folder ``cache``; packs there with photos of people
    whose consent has ended, or that are not among ``sources``, are removed."""
    found = gather(sources, cache=cache / _FINGERPRINTS)
    forget_withdrawn(cache, {item.digest for item in found.items if item.source == CONSENTED})
    return found


def packed_splits(
    sources: Sources | Path,
    cache: Path,
    size: int,
    by: SplitBy = SplitBy.SESSION,
    *,
    with_extents: bool = False,
) -> dict[Split, Packed]:
    """The splits of ``sources``, packed once below ``cache`` and mapped into memory; the photos to
    train on ``with_extents``, if wanted.

    Raises as ``gather``, ``split_items`` and ``refuse_judging`` do.
    """
    found = gather_beside(cache, sources)
    refuse_judging(found.items)
    parts = split_items(found.items, by)
    Console().print(found.summary, {split.value: len(items) for split, items in parts.items()})
    data, split_sha256 = data_digest(found.items), split_digest(parts)
    packed = {
        split: replace(pack(items, size, cache, data), split_by=str(by), split_sha256=split_sha256)
        for split, items in parts.items()
    }
    if with_extents:
        extents = read_extents(parts[Split.TRAINING])
        packed[Split.TRAINING] = replace(packed[Split.TRAINING], extents=extents)
    return packed
