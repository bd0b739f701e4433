import pytest

from dupi.knowledge.grade_sheet import COLUMNS, GradeRow, read_sheet, write_sheet
from dupi.knowledge.labels import BadLabel
from dupi.knowledge.vocabulary import AgeBand, Gender, ScalpSite

ROW = GradeRow(
    "a1", "b2", ScalpSite.CROWN, AgeBand.TWENTIES, Gender.FEMALE, ("0", "1", "", "3", "0", "2")
)
SIGNED = GradeRow("c3", "b2", ScalpSite.BACK, None, None, graded=("0",) * 6, graded_by="김, 운영")


def test_what_is_written_is_read() -> None:
    assert read_sheet(write_sheet([ROW, SIGNED])) == [ROW, SIGNED]
    assert write_sheet([ROW]).startswith(b"\xef\xbb\xbf")


def test_a_sheet_saved_by_korean_windows_is_read() -> None:
    content = write_sheet([SIGNED]).decode("utf-8-sig").encode("cp949")
    assert read_sheet(content) == [SIGNED]


def test_columns_may_be_moved_and_added() -> None:
    lines = write_sheet([SIGNED]).decode("utf-8-sig").splitlines()
    moved = "\n".join(f"note,{line}" for line in lines)
    assert read_sheet(moved.encode()) == [SIGNED]


@pytest.mark.parametrize("missing", ["graded_by", ""])
def test_only_a_whole_row_is_signed(missing: str) -> None:
    graded = ("0", "0", "0", "0", "0", "" if not missing else "0")
    row = GradeRow("a", "b", ScalpSite.LEFT, None, None, graded=graded, graded_by=missing and "")
    assert not row.is_signed
    assert SIGNED.is_signed


BROKEN = {
    "no sheet": b"\xff\xfe\x00",
    "a column less": write_sheet([ROW]).replace(b",graded_by", b""),
    "a site that is none": write_sheet([ROW]).replace(b"CROWN", b"NOSE"),
    "a name that leads elsewhere": write_sheet([ROW]).replace(b"a1", b"../a1"),
    "nothing": b"",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_sheet_is_refused(content: bytes) -> None:
    with pytest.raises(BadLabel, match=r"^grades\.csv: "):
        read_sheet(content)
    assert len(COLUMNS) == len(set(COLUMNS))
