"""Reads photos of people who consented to training, with the grades that an operator gave them.

The folder is what ``python -m api.consented_photos FOLDER`` writes. Only rows that an operator
filled in and signed are taken; a person's photos always stay on one side of a split. Hashes of
these photos are kept nowhere: a withdrawn consent leaves nothing behind.
"""

from pathlib import Path
from typing import Final

from dupi.knowledge.grade_sheet import PHOTOS, SHEET, GradeRow, read_sheet
from dupi.knowledge.labels import BadLabel
from dupi.knowledge.vocabulary import AgeBand
from export.data.fingerprints import Fingerprint, fingerprints
from export.data.items import CONSENTED, Item
from export.data.remarks import Reason, Remarks

_AGES: Final = {band: f"{decade}0대" for decade, band in enumerate(AgeBand, start=1)}
"""In the AI-Hub data's words, so that figures by age count both together."""


def read_consented(folder: Path, remarks: Remarks) -> list[Item]:
    """Raises BadLabel where the sheet is none, FileNotFoundError where there is none, BadData
    where ``remarks`` are strict and a signed row cannot be used."""
    rows = [row for row in read_sheet((folder / SHEET).read_bytes()) if _is_ready(row, remarks)]
    graded = [(row, grades) for row in rows if (grades := _grades(row, remarks))]
    paths = [folder / PHOTOS / f"{row.photo}.jpg" for row, _ in graded]
    items = []
    for (row, grades), (path, found) in zip(graded, fingerprints(paths), strict=True):
        if found.fault:
            remarks.add(Reason.UNREADABLE, path.name, found.fault)
        else:
            items.append(_item(path, row, grades, found))
    return items


def _is_ready(row: GradeRow, remarks: Remarks) -> bool:
    if not row.is_signed:
        remarks.add(Reason.NOT_GRADED, row.photo)
    return row.is_signed


def _grades(row: GradeRow, remarks: Remarks) -> tuple[int, ...] | None:
    try:
        return tuple(map(int, row.grades))
    except BadLabel as fault:
        remarks.add(Reason.BAD_LABEL, row.photo, str(fault).removeprefix(f"{row.photo}: "))
        return None


def _item(path: Path, row: GradeRow, grades: tuple[int, ...], found: Fingerprint) -> Item:
    """Phones differ, and nobody knows which it was: each person counts as a device."""
    person = f"consented/{row.person}"
    return Item(
        path=path,
        group=person,
        device=person,
        grades=grades,
        digest=found.digest,
        site=row.site,
        age=row.age and _AGES[row.age],
        gender=row.gender,
        source=CONSENTED,
        picture=found.picture,
    )
