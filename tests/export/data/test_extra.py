"""Images gathered elsewhere: licensed, labelled, and none twice."""

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from dupi.knowledge.vocabulary import Condition, Gender, ScalpSite
from export.data.dataset import Sources, gather
from export.data.extra import DEFAULT_LICENCES, Unlicensed, read_extra
from export.data.remarks import BadData, Reason, Remarks
from tests.export.data.making import photo, stem, whole, write

VALUES = ",".join(f"value_{n}" for n in range(1, 7))
HEADER = f"file,source,licence,label,{VALUES}"


def table(*rows: str, header: str = HEADER) -> dict[str, bytes]:
    return {"images.csv": "\n".join([header, *rows]).encode("utf-8-sig")}


def test_scalps_and_strangers_are_read(tmp_path: Path) -> None:
    header = f"{HEADER},group,site,gender,age"
    rows = ("a.jpg,clinic,CC-BY-4.0,,0,1,2,3,0,1,p1,TH,여,30대", "b.png,wall,MIT,stranger,,,,,,,")
    write(tmp_path, {"a.jpg": photo(1), "b.png": photo(2)} | table(*rows, header=header))
    remarks = Remarks()
    scalp, stranger = read_extra(tmp_path, remarks)
    assert scalp.grades == (0, 1, 2, 3, 0, 1)
    assert (scalp.group, scalp.site, scalp.gender) == ("clinic/p1", ScalpSite.CROWN, Gender.FEMALE)
    assert (stranger.grades, stranger.source) == ((), "wall (MIT)")
    assert not remarks.counts


@pytest.mark.parametrize("names", [[c.value for c in Condition], [c.korean for c in Condition]])
def test_conditions_may_be_named(names: list[str], tmp_path: Path) -> None:
    header = f"file,source,license,{','.join(names)}"
    rows = ("a.jpg,clinic,cc0-1.0,3,0,0,0,0,1",)
    write(tmp_path, {"a.jpg": photo(1)} | table(*rows, header=header))
    assert read_extra(tmp_path, Remarks())[0].grades == (3, 0, 0, 0, 0, 1)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_table_saved_by_korean_windows_is_read(
    form: Literal["NFC", "NFD"], tmp_path: Path
) -> None:
    """And names files that macOS wrote in the decomposed form."""
    rows = f"{HEADER}\n두피.jpg,병원,MIT,,0,0,0,0,0,0"
    name = unicodedata.normalize(form, "두피.jpg")
    write(tmp_path, {name: photo(1), "images.csv": rows.encode("cp949")})
    assert read_extra(tmp_path, Remarks())[0].device == "병원"


def test_without_a_licence_nothing_is_read_and_the_rows_are_named(tmp_path: Path) -> None:
    rows = ("a.jpg,x,MIT,stranger", "b.jpg,x,,stranger", "c.jpg,x,CC-BY-NC-4.0,stranger")
    write(tmp_path, table(*rows))
    with pytest.raises(Unlicensed) as refused:
        read_extra(tmp_path, Remarks())
    said = str(refused.value)
    assert "row 3 (b.jpg): no licence" in said
    assert "row 4 (c.jpg): CC-BY-NC-4.0" in said
    assert "a.jpg" not in said


def test_a_licence_may_be_allowed(tmp_path: Path) -> None:
    rows = ("a.jpg,x,CC-BY-SA-4.0,stranger",)
    write(tmp_path, {"a.jpg": photo(1)} | table(*rows))
    with pytest.raises(Unlicensed):
        read_extra(tmp_path, Remarks())
    licences = DEFAULT_LICENCES | {"cc-by-sa-4.0"}
    assert len(read_extra(tmp_path, Remarks(), licences=licences)) == 1


BAD_ROWS = {
    "a grade that is none": "a.jpg,x,MIT,,0,1,2,4,0,1",
    "a grade that is missing": "a.jpg,x,MIT,,0,1,2,,0,1",
    "neither grades nor stranger": "a.jpg,x,MIT,,,,,,,",
    "both": "a.jpg,x,MIT,stranger,0,0,0,0,0,0",
    "no source": "a.jpg,,MIT,stranger,,,,,,",
    "outside the folder": "../a.jpg,x,MIT,stranger,,,,,,",
    "no image": "images.csv,x,MIT,stranger,,,,,,",
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_rows_that_cannot_be_used_are_left_out_and_named(row: str, tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": photo(1)})
    write(tmp_path / "in", {"a.jpg": photo(1)} | table(row))
    remarks = Remarks()
    assert read_extra(tmp_path / "in", remarks) == []
    assert dict(remarks.counts) == {Reason.BAD_ROW: 1}
    assert "row 2" in remarks.examples[Reason.BAD_ROW][0]
    with pytest.raises(BadData, match="row 2"):
        read_extra(tmp_path / "in", Remarks(is_strict=True))


def test_pictures_of_the_rest_are_left_out_though_they_were_saved_anew(tmp_path: Path) -> None:
    write(tmp_path / "aihub", whole(stem(1), 1))
    images = {"a.jpg": photo(1, quality=60), "b.jpg": photo(2), "c.jpg": photo(2, width=80)}
    rows = [f"{name},x,MIT,stranger,,,,,," for name in images]
    write(tmp_path / "extra", images | table(*rows))
    found = gather(Sources(aihub=(tmp_path / "aihub",), extra=(tmp_path / "extra",)))
    assert [item.path.name for item in found.items] == [f"{stem(1)}.jpg", "b.jpg"]
    assert found.remarks.counts[Reason.REPEATED_PICTURE] == 2
