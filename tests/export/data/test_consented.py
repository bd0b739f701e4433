"""Photos of people who consented: what an operator graded and signed, and nothing else."""

from pathlib import Path

import pytest

from dupi.knowledge.grade_sheet import GradeRow, write_sheet
from dupi.knowledge.vocabulary import AgeBand, Condition, Gender, ScalpSite
from export.data.consented import read_consented
from export.data.items import CONSENTED, Item
from export.data.remarks import BadData, Reason, Remarks
from tests.export.data.making import photo, write


def row(name: str, grades: str = "012301", signed: str = "김운영") -> GradeRow:
    """``grades``: a sign a cell, a blank for an empty one."""
    return GradeRow(
        name,
        "p1",
        ScalpSite.BACK,
        AgeBand.FORTIES,
        Gender.MALE,
        proposed=("3",) * len(Condition),
        graded=tuple(grade.strip() for grade in grades),
        graded_by=signed,
    )


def read(folder: Path, *rows: GradeRow, remarks: Remarks) -> list[Item]:
    files = {f"photos/{one.photo}.jpg": photo(n) for n, one in enumerate(rows)}
    return read_consented(write(folder, files | {"grades.csv": write_sheet(rows)}), remarks)


def test_only_rows_that_an_operator_filled_in_and_signed_are_trained_on(tmp_path: Path) -> None:
    rows = (row("aa"), row("bb", signed=""), row("cc", "01 301"))
    remarks = Remarks()
    [item] = read(tmp_path, *rows, remarks=remarks)
    assert (item.path, item.grades) == (tmp_path / "photos" / "aa.jpg", (0, 1, 2, 3, 0, 1))
    assert (item.site, item.age, item.gender) == (
        ScalpSite.BACK,
        "40대",
        Gender.MALE,
    )
    assert item.source == CONSENTED
    assert item.group == item.device == "consented/p1"
    assert dict(remarks.counts) == {Reason.NOT_GRADED: 2}


def test_a_signed_row_with_a_wrong_grade_is_left_out_and_named(tmp_path: Path) -> None:
    remarks = Remarks()
    assert read(tmp_path, row("aa", "012401"), remarks=remarks) == []
    assert "value_4 is '4'" in remarks.examples[Reason.BAD_LABEL][0]
    with pytest.raises(BadData, match="aa"):
        read(tmp_path, row("aa", "012401"), remarks=Remarks(is_strict=True))


def test_a_row_without_its_photo_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"grades.csv": write_sheet([row("aa")])})
    remarks = Remarks()
    assert read_consented(tmp_path, remarks) == []
    assert dict(remarks.counts) == {Reason.UNREADABLE: 1}
