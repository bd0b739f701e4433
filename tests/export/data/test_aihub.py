"""The reader of the AI-Hub format: every layout in circulation, and every way it goes wrong."""

import json
import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from dupi.knowledge.vocabulary import Gender, ScalpSite
from export.data.aihub import find_items, main
from export.data.aihub_files import official_side
from export.data.items import Split
from export.data.remarks import BadData, Reason
from tests.export.data.making import GRADES, answers, label, photo, stem, whole, write

Form = Literal["NFC", "NFD"]
NAME = stem()

LAYOUTS = {
    "together": ("", "", ""),
    "parallel trees by condition and grade": (
        "Training/탈모/[원천]탈모_3.중증/",
        "Training/탈모/[라벨]탈모_3.중증/",
        "Training/탈모/[메타]탈모_3.중증/",
    ),
    "numbered folders": ("1.미세각질/0.양호/",) * 3,
    "source and label roots": ("원천데이터/비듬/2.중등도/", "라벨링데이터/비듬/2.중등도/", "meta/"),
}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_layout_is_read(layout: tuple[str, str, str], form: Form, tmp_path: Path) -> None:
    """macOS archives hold the names of folders decomposed."""
    photos, labels, metadata = (unicodedata.normalize(form, part) for part in layout)
    files = {
        f"{photos}{NAME}.jpg": photo(),
        f"{labels}{NAME}.json": label(NAME),
        f"{metadata}{NAME}_META.json": answers(),
    }
    found = find_items(write(tmp_path, files))
    [item] = found.items
    assert item.grades == GRADES
    assert (item.site, item.age, item.gender) == (ScalpSite.CROWN, "20대", Gender.FEMALE)
    assert item.group == "0013_A2LEBJJDE00000O_1602578303771"
    assert item.device == "A2LEBJJDE00000O"
    assert not found.remarks.counts


@pytest.mark.parametrize("suffix", [".jpg", ".JPG", ".jpeg", ".png"])
def test_images_are_known_by_their_ending_in_any_case(suffix: str, tmp_path: Path) -> None:
    files = {f"{NAME}{suffix}": photo(), f"{NAME}.JSON": label(NAME)}
    assert len(find_items(write(tmp_path, files)).items) == 1


def test_hidden_files_of_archives_are_no_photos(tmp_path: Path) -> None:
    rubbish = {f"._{NAME}.jpg": b"x", f"__MACOSX/{NAME}.jpg": b"x", ".DS_Store": b"x"}
    found = find_items(write(tmp_path, whole(NAME) | rubbish))
    assert len(found.items) == 1
    assert not found.remarks.counts


def test_a_photo_in_several_condition_folders_is_taken_once(tmp_path: Path) -> None:
    """Regression: the same image and label lie in several folders of the published data."""
    for place in ("탈모/3.중증", "비듬/2.중등도", "피지과다/1.경증"):
        write(tmp_path / place, whole(NAME))
    found = find_items(tmp_path)
    assert len(found.items) == 1
    assert dict(found.remarks.counts) == {Reason.REPEATED_NAME: 2}


def test_one_content_under_two_names_is_taken_once_and_joins_the_sessions(tmp_path: Path) -> None:
    """Regression: de-duplicated by content too; what is left of both sessions stays together."""
    for session, seed in ((1, 1), (1, 2), (2, 1), (2, 3)):
        place = "2_TH" if seed == 1 else "6_BH"
        write(tmp_path, whole(stem(session, place=place), seed))
    found = find_items(tmp_path)
    assert len(found.items) == 3
    assert found.remarks.counts[Reason.REPEATED_CONTENT] == 1
    assert len({item.group for item in found.items}) == 1


def test_a_picture_saved_anew_joins_the_sessions(tmp_path: Path) -> None:
    write(tmp_path, whole(stem(1), 1) | whole(stem(2), 2))
    write(tmp_path, whole(stem(3)) | {f"{stem(3)}.jpg": photo(1, quality=60, width=80)})
    found = find_items(tmp_path)
    by_name = {item.path.stem: item.group for item in found.items}
    assert len(by_name) == 3
    assert by_name[stem(1)] == by_name[stem(3)] != by_name[stem(2)]
    assert found.remarks.counts[Reason.SHARED_PICTURE] == 1


@pytest.mark.parametrize("copy", [label(NAME, (0,) * 6), b"{", label(NAME, (0, 1, 0, 0, 2, 7))])
def test_labels_that_contradict_each_other_take_the_photo_out(copy: bytes, tmp_path: Path) -> None:
    write(tmp_path, whole(NAME) | {f"비듬/{NAME}.json": copy})
    found = find_items(tmp_path)
    assert not found.items
    assert found.remarks.left_out == 1


def test_one_name_with_two_contents_takes_both_out(tmp_path: Path) -> None:
    write(tmp_path, whole(NAME) | {f"비듬/{NAME}.jpg": photo(9)})
    found = find_items(tmp_path)
    assert not found.items
    assert dict(found.remarks.counts) == {Reason.OTHER_CONTENT: 1}


def test_one_content_with_two_labels_takes_both_out(tmp_path: Path) -> None:
    write(tmp_path, whole(stem(1), 1) | whole(stem(2), 1, (0,) * 6) | whole(stem(3), 3))
    found = find_items(tmp_path)
    assert [item.path.stem for item in found.items] == [stem(3)]
    assert found.remarks.counts[Reason.OTHER_GRADES] == 1


@pytest.mark.parametrize("value", ["4", "-1", "", " 1", "+1", "1.0", "٣", True, None, "없음"])
def test_a_grade_outside_0_to_3_is_refused_with_the_files_name(
    value: object, tmp_path: Path
) -> None:
    """Regression: labels are text, and what is no grade from 0 to 3 is never cast to one."""
    write(tmp_path, whole(NAME) | {f"{NAME}.json": label(NAME, value_3=value)})
    found = find_items(tmp_path)
    assert not found.items
    assert found.remarks.counts[Reason.BAD_LABEL] == 1
    assert f"{NAME}.json" in found.remarks.examples[Reason.BAD_LABEL][0]
    with pytest.raises(BadData, match=f"{NAME}.json.*value_3"):
        find_items(tmp_path, strict=True)


BROKEN = {
    "a truncated image": ({f"{NAME}.jpg": photo()[:900]}, Reason.UNREADABLE),
    "an empty image": ({f"{NAME}.jpg": b""}, Reason.UNREADABLE),
    "no image at all": ({f"{NAME}.jpg": b"<html>"}, Reason.UNREADABLE),
    "broken JSON": ({f"{NAME}.json": b'{"value_1": "0"'}, Reason.BAD_LABEL),
    "JSON without an end": ({f"{NAME}.json": b"[" * 100_000}, Reason.BAD_LABEL),
    "a list": ({f"{NAME}.json": b"[]"}, Reason.BAD_LABEL),
    "another encoding": ({f"{NAME}.json": "탈모".encode("cp949")}, Reason.BAD_LABEL),
}


@pytest.mark.parametrize(("files", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_trusted_is_left_out_counted_and_named(
    files: dict[str, bytes], reason: Reason, tmp_path: Path
) -> None:
    write(tmp_path, whole(stem(5), 5) | whole(NAME) | files)
    found = find_items(tmp_path)
    assert [item.path.stem for item in found.items] == [stem(5)]
    assert found.remarks.counts[reason] == 1
    assert next(iter(files)) in found.remarks.examples[reason][0]
    with pytest.raises(BadData, match=next(iter(files))):
        find_items(tmp_path, strict=True)


def test_missing_and_orphan_files_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {f"{stem(1)}.jpg": photo(1)})
    write(tmp_path, {f"{stem(2)}.json": label(stem(2)), f"{stem(3)}_META.json": answers()})
    write(tmp_path, {f"{stem(4)}.jpg": photo(4), f"{stem(4)}.json": label(stem(4))})
    write(tmp_path, {"holiday.jpg": photo(5), "holiday.json": label("holiday")})
    found = find_items(tmp_path)
    assert [item.path.stem for item in found.items] == [stem(4)]
    assert dict(found.remarks.counts) == {
        Reason.NO_LABEL: 1,
        Reason.ORPHAN_LABEL: 1,
        Reason.ORPHAN_METADATA: 1,
        Reason.NO_METADATA: 1,
        Reason.BAD_NAME: 1,
    }


def test_a_copy_that_cannot_be_read_does_not_take_the_photo_out(tmp_path: Path) -> None:
    write(tmp_path, whole(NAME) | {f"비듬/{NAME}.jpg": photo()[:500]})
    found = find_items(tmp_path)
    assert [item.path for item in found.items] == [tmp_path / f"{NAME}.jpg"]
    assert found.remarks.counts[Reason.UNREADABLE_COPY] == 1


def test_unknown_answers_are_kept_counted_and_reported(tmp_path: Path) -> None:
    write(tmp_path, whole(NAME))
    changed = answers("LH", answers1="가끔", gender="무응답")
    write(tmp_path, {f"{NAME}_META.json": changed})
    found = find_items(tmp_path)
    assert dict(found.remarks.unknown_answers) == {("answers1", "가끔"): 1, ("gender", "무응답"): 1}
    assert found.remarks.counts[Reason.OTHER_SITE] == 1
    assert (found.items[0].gender, found.items[0].site) == (None, ScalpSite.CROWN)


def test_broken_answers_leave_the_photo(tmp_path: Path) -> None:
    write(tmp_path, whole(NAME) | {f"{NAME}_META.json": b"{"})
    found = find_items(tmp_path)
    assert found.items[0].age is None
    assert dict(found.remarks.counts) == {Reason.BAD_METADATA: 1}


def test_a_folder_that_contradicts_the_label_is_reported_and_the_label_holds(
    tmp_path: Path,
) -> None:
    write(tmp_path / "비듬/3.중증", whole(NAME))
    found = find_items(tmp_path)
    assert found.items[0].grades == GRADES
    assert found.remarks.counts[Reason.OTHER_FOLDER] == 2  # of the photo and of the label
    assert "비듬 3 in the folder, 2 in the label" in found.remarks.examples[Reason.OTHER_FOLDER][0]


def test_of_two_copies_the_validation_folder_s_stands_for_both(tmp_path: Path) -> None:
    for place in ("1.Training", "2.Validation"):
        write(tmp_path / place, whole(NAME))
    [item] = find_items(tmp_path).items
    assert official_side(item.path) is Split.TEST


def test_a_label_that_names_another_file_is_noticed(tmp_path: Path) -> None:
    named = label(NAME, image_file_name=f"{stem(8)}.jpg")
    found = find_items(write(tmp_path, whole(NAME) | {f"{NAME}.json": named}))
    assert len(found.items) == 1
    assert dict(found.remarks.counts) == {Reason.OTHER_FILE: 1}


def test_the_command_reports_and_a_strict_one_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in", whole(stem(1), 1) | whole(NAME) | {f"{NAME}.json": b"{"})
    report, figures = tmp_path / "out.md", tmp_path / "out.json"
    arguments = [str(tmp_path / "in"), "--report", str(report), "--json", str(figures)]
    assert main(arguments) == 0
    assert "모낭홍반/농포" in report.read_text("utf-8")
    titles = [section["title"] for section in json.loads(figures.read_text("utf-8"))["sections"]]
    assert {"Grades", "Conditions that occur together", "Left out and noticed"} <= set(titles)
    capsys.readouterr()
    assert main([*arguments, "--strict"]) == 1
    assert f"{NAME}.json" in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere")]) == 1
