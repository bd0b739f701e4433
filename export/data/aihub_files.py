"""The files of an AI-Hub folder, found by name whatever the folders, and what folders say.

Names are compared in Unicode's composed form (NFC): archives made on macOS hold Korean names in
the decomposed one.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.items import EXTENTS, STRANGERS, Split

IMAGE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})
_METADATA_ENDING: Final = "_meta"
_PASSED_OVER: Final = (".", "__MACOSX", EXTENTS)
_GRADE_WORD: Final = re.compile("|".join(severity.korean for severity in Severity))
_GRADES: Final = {severity.korean: severity for severity in Severity}
_OFFICIAL: Final = {"training": Split.TRAINING, "validation": Split.TEST}
_FOLDERS_REMEMBERED: Final = 10_000
_NUMBERING: Final = re.compile(r"^\d+[.\-_ ]*")


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@dataclass(slots=True)
class Files:
    """Paths (as text: there may be a million) by the stem of the photo that they belong to."""

    photos: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    strangers: list[str] = field(default_factory=list)
    labels: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    metadata: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def list_files(folder: Path) -> Files:
    """Raises FileNotFoundError where there is no such folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    files = Files()
    for path in _walk(folder):
        name = Path(composed(path))
        stem, suffix = name.stem, name.suffix.casefold()
        if suffix in IMAGE_SUFFIXES and STRANGERS in name.parts:
            files.strangers.append(path)
        elif suffix in IMAGE_SUFFIXES:
            files.photos[stem].append(path)
        elif suffix == ".json" and stem.casefold().endswith(_METADATA_ENDING):
            files.metadata[stem[: -len(_METADATA_ENDING)]].append(path)
        elif suffix == ".json":
            files.labels[stem].append(path)
    return files


def _walk(folder: Path) -> Iterator[str]:
    """In the order of names; hidden files (macOS archives are full of ``._name.jpg``) are none."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(_PASSED_OVER))
        yield from (f"{parent}/{name}" for name in sorted(names) if not name.startswith("."))


@lru_cache(_FOLDERS_REMEMBERED)
def folder_grade(folder: Path) -> tuple[Condition, Severity] | None:
    """What ``folder`` and those above it name, the nearest first: ``[원천]탈모_2.중등도`` names
    both, ``비듬/0.양호`` one each."""
    condition = grade = None
    for part in map(_letters, reversed(folder.parts)):
        condition = condition or next((c for c, name in _CONDITIONS if name in part), None)
        if grade is None and (word := _GRADE_WORD.search(part)):
            grade = _GRADES[word[0]]
    return (condition, grade) if condition and grade is not None else None


def _letters(text: str) -> str:
    """``모낭홍반/농포`` is no folder's name: it is found without its sign, or with another one."""
    return re.sub(r"[^0-9A-Za-z가-힣]", "", composed(text))


_CONDITIONS: Final = tuple((condition, _letters(condition.korean)) for condition in Condition)


def official_side(path: Path) -> Split | None:
    """The side that a ``Training`` or ``Validation`` folder (``1.Training`` too) puts it on."""
    for part in reversed(path.parts[:-1]):
        if side := _OFFICIAL.get(_NUMBERING.sub("", part).casefold()):
            return side
    return None
