"""Reads images gathered elsewhere: a folder with ``images.csv``, a row an image.

Columns: ``file`` (below the folder), ``source`` and ``licence`` (an SPDX id, or ``public domain``),
and either a grade from 0 to 3 in each of ``value_1`` … ``value_6`` (or the conditions' names, in
English or Korean), or ``stranger`` in ``label``, for what is no scalp. May be there: ``group``
(photos of one person; where it is missing, scalps of one source stay together), ``site``,
``age`` and ``gender``.

An image without a licence that allows training is an error, not a remark: nobody is to train on
it by overlooking a line of a report.
"""

import csv
import io
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dupi.knowledge.grade_sheet import decoded
from dupi.knowledge.labels import read_gender, read_grade
from dupi.knowledge.vocabulary import Condition, ScalpSite
from export.data.aihub_files import IMAGE_SUFFIXES, composed
from export.data.fingerprints import Fingerprint, fingerprints
from export.data.items import Item
from export.data.pictures import near_pairs
from export.data.remarks import Reason, Remarks

TABLE: Final = "images.csv"
STRANGER: Final = "stranger"
DEFAULT_LICENCES: Final = frozenset(
    {
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc0-1.0",
        "mit",
        "pddl-1.0",
        "public domain",
        "unlicense",
    }
)
"""Allow training and ask for naming the source at most. A caller may add what it has read."""
_SPELLINGS: Final = {"license": "licence"}
_ROWS_NAMED: Final = 20


class Unlicensed(ValueError):
    """Rows without a licence, or with one that is not allowed; the message names them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, by column; ``number`` as an editor counts."""

    number: int
    cells: Mapping[str, str]

    def cell(self, name: str) -> str:
        return self.cells.get(name, "")

    def __str__(self) -> str:
        return f"row {self.number} ({self.cell('file') or 'no file'})"


def read_extra(
    folder: Path,
    remarks: Remarks,
    *,
    licences: Collection[str] = DEFAULT_LICENCES,
    cache: Path | None = None,
) -> list[Item]:
    """Raises Unlicensed, FileNotFoundError where there is no table, BadData where ``remarks`` are
    strict and a row cannot be used."""
    rows = _rows(folder / TABLE)
    _refuse_unlicensed(rows, {licence.casefold() for licence in licences})
    labelled = [pair for row in rows if (pair := _labelled(folder, row, remarks))]
    prints = fingerprints((_path(folder, row.cell("file")) for row, _ in labelled), cache)
    items = []
    for (row, grades), (path, found) in zip(labelled, prints, strict=True):
        if found.fault:
            remarks.add(Reason.UNREADABLE, path.name, found.fault)
        else:
            items.append(_item(path, row, grades, found))
    return items


def drop_known(extra: Iterable[Item], rest: Iterable[Item], remarks: Remarks) -> list[Item]:
    """``extra`` without pictures that ``rest``, or an earlier one of them, shows too."""
    rest = list(rest)
    items = [*rest, *extra]
    known: dict[int, Item] = {}
    for one, other in near_pairs([item.picture for item in items]):
        if other >= len(rest) and one not in known:
            known.setdefault(other, items[one])
    for place, first in known.items():
        remarks.add(Reason.REPEATED_PICTURE, items[place].path.name, f"as {first.path.name}")
    return [item for place, item in enumerate(items) if place >= len(rest) and place not in known]


def _path(folder: Path, name: str) -> Path:
    """The file, whichever form of Unicode its name has on the disk."""
    paths = [folder / unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    return next((path for path in paths if path.exists()), folder / name)


def _rows(table: Path) -> list[Row]:
    reader = csv.DictReader(io.StringIO(decoded(table.read_bytes()), newline=""))
    return [
        Row(reader.line_num, {_column(k): (v or "").strip() for k, v in row.items() if k})
        for row in reader
    ]


def _column(title: str) -> str:
    """Conditions by their label key, whichever of their names the table uses."""
    title = composed(title).strip()
    for condition in Condition:
        if title.casefold() in {condition.value.casefold(), condition.korean}:
            return condition.label_key
    return _SPELLINGS.get(title.casefold(), title.casefold())


def _refuse_unlicensed(rows: Iterable[Row], allowed: Collection[str]) -> None:
    refused = [row for row in rows if row.cell("licence").casefold() not in allowed]
    if not refused:
        return
    shown = [f"{row}: {row.cell('licence') or 'no licence'}" for row in refused[:_ROWS_NAMED]]
    more = [f"and {len(refused) - _ROWS_NAMED} more"] if len(refused) > _ROWS_NAMED else []
    raise Unlicensed("; ".join(["no licence that allows training", *shown, *more]))


def _labelled(folder: Path, row: Row, remarks: Remarks) -> tuple[Row, tuple[int, ...]] | None:
    try:
        _check_file(folder, row)
        return row, _grades(row)
    except ValueError as fault:
        remarks.add(Reason.BAD_ROW, str(row), str(fault))
        return None


def _check_file(folder: Path, row: Row) -> None:
    """Raises ValueError."""
    name = row.cell("file")
    if not name or Path(name).suffix.casefold() not in IMAGE_SUFFIXES:
        raise ValueError("no image's name")
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ValueError("outside the folder")
    if not row.cell("source"):
        raise ValueError("no source")


def _grades(row: Row) -> tuple[int, ...]:
    """Empty for a stranger. Raises ValueError (BadLabel is one)."""
    values = [row.cell(condition.label_key) for condition in Condition]
    is_stranger = row.cell("label").casefold() == STRANGER
    if is_stranger and not any(values):
        return ()
    if is_stranger or not all(values):
        raise ValueError(f"six grades or {STRANGER!r} as label are needed, and not both")
    return tuple(int(read_grade(dict(row.cells), c, f"row {row.number}")) for c in Condition)


def _item(path: Path, row: Row, grades: tuple[int, ...], found: Fingerprint) -> Item:
    source = row.cell("source")
    own = row.cell("group") or (source if grades else row.cell("file"))
    return Item(
        path=path,
        group=f"{source}/{own}",
        device=source,
        grades=grades,
        digest=found.digest,
        site=next((s for s in ScalpSite if row.cell("site") in {s.value, s.aihub_code}), None),
        age=row.cell("age") or None,
        gender=read_gender(row.cell("gender")),
        source=f"{source} ({row.cell('licence')})",
        picture=found.picture,
    )
