"""The sheet in which an operator grades photos of people who consented to training.

A CSV in UTF-8 with a byte order mark, so that spreadsheets show Korean. The platform writes what
the models found as a proposal; the operator writes ``value_1`` … ``value_6`` and signs in
``graded_by``. Nothing in it says who a person is: ``photo`` and ``person`` are pseudonyms.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from dupi.knowledge.labels import ENCODING, BadLabel, read_grade
from dupi.knowledge.vocabulary import AgeBand, Condition, Gender, ScalpSite, Severity

SHEET: Final = "grades.csv"
PHOTOS: Final = "photos"
_VALUES: Final = tuple(condition.label_key for condition in Condition)
_PROPOSALS: Final = tuple(f"proposed_{condition.label_key}" for condition in Condition)
_ABOUT: Final = ("photo", "person", "site", "age", "gender")
COLUMNS: Final = (*_ABOUT, *_PROPOSALS, *_VALUES, "graded_by")


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One photo. ``proposed`` and ``graded``: six cells in the order of ``Condition``, "" where
    nothing was found or nobody has graded yet; ``graded`` and ``graded_by`` are the operator's,
    as they were typed."""

    photo: str
    person: str
    site: ScalpSite
    age: AgeBand | None
    gender: Gender | None
    proposed: tuple[str, ...] = ("",) * len(Condition)
    graded: tuple[str, ...] = ("",) * len(Condition)
    graded_by: str = ""

    @property
    def is_signed(self) -> bool:
        return bool(self.graded_by) and all(self.graded)

    @property
    def grades(self) -> tuple[Severity, ...]:
        """The operator's. Raises BadLabel, which names the photo."""
        record = dict(zip(_VALUES, self.graded, strict=True))
        return tuple(read_grade(record, condition, self.photo) for condition in Condition)

    def with_answers_of(self, other: "GradeRow | None") -> "GradeRow":
        """This row with what the operator typed into ``other``."""
        if other is None:
            return self
        return replace(self, graded=other.graded, graded_by=other.graded_by)


def decoded(content: bytes) -> str:
    """A table's text: in UTF-8, or as spreadsheets on Korean Windows save it. Raises ValueError."""
    try:
        return content.decode(ENCODING)
    except UnicodeDecodeError:
        return content.decode("cp949")


def read_sheet(content: bytes) -> list[GradeRow]:
    """Raises BadLabel where it is no such sheet."""
    try:
        reader = csv.DictReader(io.StringIO(decoded(content), newline=""))
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise BadLabel(f"{SHEET}: without the columns {', '.join(sorted(missing))}")
        return [_row({k: (row[k] or "").strip() for k in COLUMNS}) for row in reader]
    except (ValueError, csv.Error) as fault:
        raise BadLabel(f"{SHEET}: {str(fault).removeprefix(f'{SHEET}: ')}") from fault


def write_sheet(rows: Iterable[GradeRow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        about = (row.photo, row.person, row.site, row.age or "", row.gender or "")
        writer.writerow([*about, *row.proposed, *row.graded, row.graded_by])
    return text.getvalue().encode(ENCODING)


def _row(cells: dict[str, str]) -> GradeRow:
    """Raises ValueError; a photo's name that leads out of its folder is none."""
    if not cells["photo"].isalnum():
        raise ValueError(f"{cells['photo']!r} is no photo's name")
    return GradeRow(
        photo=cells["photo"],
        person=cells["person"],
        site=ScalpSite(cells["site"]),
        age=AgeBand(cells["age"]) if cells["age"] else None,
        gender=Gender(cells["gender"]) if cells["gender"] else None,
        proposed=tuple(cells[name] for name in _PROPOSALS),
        graded=tuple(cells[name] for name in _VALUES),
        graded_by=cells["graded_by"],
    )
