"""Divides photos into training, validation, calibration and test, so that nothing of one is known
in another.

Photos of one session (operator, device, time) stay together, or, stricter, all of a device; so do
photos that share a content with one of another session. The side is told by a hash of the
session's name: it stays where it is when the data set grows, and no other photo matters. Sides
are chosen one after the other, the test first, so that one more side leaves the earlier ones alone.

A hash knows no grades, and would now and then leave a rare one out of the test. So each grade of
each condition also sends the sessions that lie nearest to a side there, until that side has
three (fewer where the grade lies in fewer than twelve sessions). What that costs: when the data
set grows, such a session may go back to training. The other way is closed: a photo that was
trained on comes into no later test, as long as the rare grades lay in twelve sessions.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from export.data.aihub_files import official_side
from export.data.groups import Groups
from export.data.items import Item, Split
from export.data.pictures import near_pairs

_SHARES: Final = {Split.TEST: 0.08, Split.CALIBRATION: 0.08, Split.VALIDATION: 0.08}
"""In this order, each of what those before have left."""
_AT_LEAST: Final = 3
_OF_EACH: Final = 4
"""A side is sent at most one in so many of the sessions of a grade."""
_BEHIND: Final = "\U0010ffff"
"""Sorts behind every session's and device's name, so that a unit is named by one of those."""

Parts = dict[Split, list[Item]]


class SplitBy(StrEnum):
    """``FOLDERS``: as the data set's own ``Training`` and ``Validation`` folders have it."""

    SESSION = "session"
    DEVICE = "device"
    FOLDERS = "folders"


def split_items(items: Sequence[Item], by: SplitBy = SplitBy.SESSION) -> Parts:
    """Raises ValueError where a photo, session (or device) or picture would lie on two sides, and
    where ``FOLDERS`` finds no ``Validation`` folder."""
    units = _units(items, by)
    sides = _folder_sides(units) if by is SplitBy.FOLDERS else choose_sides(units)
    parts: Parts = {split: [] for split in Split}
    for name, unit in units.items():
        for item in unit:
            if by is not SplitBy.FOLDERS or _may_stay(item, sides[name]):
                parts[sides[name]].append(item)
    refuse_leaks(parts, by)
    return parts


def _units(items: Sequence[Item], by: SplitBy) -> dict[str, list[Item]]:
    """Photos that stay together, by the least name of their sessions (or devices)."""
    groups = Groups()
    for item in items:
        groups.join(_key(item, by), f"{_BEHIND}digest {item.digest}")
        groups.join(_key(item, by), f"{_BEHIND}group {item.group}")
    units: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        units[groups.root(_key(item, by))].append(item)
    return units


def _key(item: Item, by: SplitBy) -> str:
    return item.device if by is SplitBy.DEVICE else item.group


def choose_sides(units: Mapping[str, Sequence[Item]]) -> dict[str, Split]:
    """The side of each unit (photos that stay together), by its name."""
    holders = _holders(units)
    sides, rest, left = dict.fromkeys(units, Split.TRAINING), set(units), 1.0
    for split, share in _SHARES.items():
        chosen = {name for name in rest if _place(split, name) < share / left}
        for names in holders.values():
            wanted = min(_AT_LEAST, len(names) // _OF_EACH)
            chosen.update(sorted(names & rest, key=lambda n: (_place(split, n), n))[:wanted])
        sides |= dict.fromkeys(chosen, split)
        rest -= chosen
        left -= share
    return sides


def _holders(units: Mapping[str, Sequence[Item]]) -> dict[tuple[int, int], set[str]]:
    """Names of the units that hold a grade above 0, by place of the condition and grade."""
    holders: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for name, unit in units.items():
        for item in unit:
            for pair in enumerate(item.grades):
                if pair[1]:
                    holders[pair].add(name)
    return holders


def _place(split: Split, name: str) -> float:
    """From 0 to 1, the same for ever."""
    digest = hashlib.sha256(f"{split}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _folder_sides(units: Mapping[str, Sequence[Item]]) -> dict[str, Split]:
    """Calibration and validation are taken from ``Training``; a session that the folder
    ``Validation`` holds is test, whatever its name."""
    tested = {name for name, unit in units.items() if any(map(_is_validation, unit))}
    if not tested:
        raise ValueError("no photo lies in a Validation folder")
    sides = dict.fromkeys(units, Split.TRAINING)
    for split in (Split.VALIDATION, Split.CALIBRATION):
        sides |= {name: split for name in units if _place(split, name) < _SHARES[split]}
    return sides | dict.fromkeys(tested, Split.TEST)


def _may_stay(item: Item, side: Split) -> bool:
    """A ``Training`` photo of a session that is tested is neither trained on nor tested."""
    return side is not Split.TEST or _is_validation(item)


def _is_validation(item: Item) -> bool:
    return official_side(Path(item.path)) is Split.TEST


def refuse_leaks(parts: Mapping[Split, Iterable[Item]], by: SplitBy = SplitBy.SESSION) -> None:
    """Raises ValueError where a session, content or picture (or device) lies on two sides."""
    kinds = ["group", "digest", *(["device"] if by is SplitBy.DEVICE else [])]
    sides: dict[tuple[str, str], Split] = {}
    placed = [(item, split) for split, items in parts.items() for item in items]
    for item, split in placed:
        for kind in kinds:
            if sides.setdefault((kind, getattr(item, kind)), split) is not split:
                raise ValueError(f"{item.path.name}: its {kind} lies in two splits")
    for one, other in near_pairs([item.picture for item, _ in placed]):
        if placed[one][1] is not placed[other][1]:
            names = f"{placed[one][0].path.name}, {placed[other][0].path.name}"
            raise ValueError(f"{names}: their picture lies in two splits")
