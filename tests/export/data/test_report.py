"""The report's figures, against photos whose labels are known."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dupi.knowledge.vocabulary import Gender, ScalpSite
from export.data.remarks import EXAMPLES, Reason, Remarks
from export.data.report import Report, describe, print_report, write_json, write_markdown
from tests.export.data.making import item

ITEMS = [
    replace(item(1, group="a", grades=(1, 0, 0, 0, 3, 0)), age="20대", gender=Gender.FEMALE),
    replace(item(2, group="a", grades=(2, 0, 0, 0, 0, 0)), age="20대", site=ScalpSite.CROWN),
    item(3, group="b", device="e", grades=(0,) * 6),
    item(4, group="wall", grades=()),
]


@pytest.fixture
def report() -> Report:
    remarks = Remarks()
    for number in range(EXAMPLES + 3):
        remarks.add(Reason.NO_LABEL, f"{number}|.jpg")
    remarks.add(Reason.ORPHAN_LABEL, "[red].jpg")
    remarks.unknown_answers["answers1", "가끔"] = 7
    return describe(ITEMS, remarks)


def table(report: Report, title: str) -> dict[object, tuple[object, ...]]:
    [section] = [section for section in report.sections if section.title == title]
    return {row[0]: row[1:] for row in section.rows}


def test_grades_and_pairs_of_conditions_are_counted(report: Report) -> None:
    grades = table(report, "Grades")
    assert grades["value_1 미세각질"] == (1, 1, 1, 0, 0.6667)
    assert grades["value_5 비듬"] == (2, 0, 0, 1, 0.3333)
    together = table(report, "Conditions that occur together")
    assert together["value_1 미세각질"] == (2, 0, 0, 0, 1, 0)
    assert together["value_5 비듬"] == (1, 0, 0, 0, 1, 0)


def test_what_is_not_known_is_counted_as_that(report: Report) -> None:
    assert table(report, "Ages") == {"20대": (2,), "not known": (1,)}
    assert table(report, "Genders") == {"FEMALE": (1,), "not known": (2,)}
    assert table(report, "Sites") == {"CROWN": (1,), "not known": (2,)}
    assert table(report, "Devices") == {"d": (2,), "e": (1,)}
    assert table(report, "Answers without a known choice") == {"answers1": ("가끔", 7)}


def test_totals_tell_sessions_and_what_was_left_out(report: Report) -> None:
    totals = table(report, "Totals")
    assert totals["photos of scalps"] == (3,)
    assert totals["photos of other things"] == (1,)
    assert totals["sessions"] == (2,)
    assert totals["sessions of one photo"] == (1,)
    assert totals["photos of the largest session"] == (2,)
    assert totals["files left out"] == (EXAMPLES + 3,)


def test_a_few_names_stand_for_all_that_were_left_out(report: Report) -> None:
    count, names = table(report, "Left out and noticed")[Reason.NO_LABEL.value]
    assert count == EXAMPLES + 3
    assert len(str(names).split("; ")) == EXAMPLES


def test_all_three_forms_say_the_same(report: Report, tmp_path: Path) -> None:
    write_json(report, tmp_path / "new" / "out.json")
    write_markdown(report, tmp_path / "out.md")
    shown = io.StringIO()
    print_report(report, Console(width=200, file=shown))
    read = json.loads((tmp_path / "new" / "out.json").read_text("utf-8"))
    markdown = (tmp_path / "out.md").read_text("utf-8")
    assert read["data_sha256"] == report.data_sha256
    assert [section["title"] for section in read["sections"]] == [s.title for s in report.sections]
    for section in report.sections:
        assert f"## {section.title}\n" in markdown
        assert section.title in shown.getvalue()
    assert "[red].jpg" in shown.getvalue(), "a name is no markup"
    assert "0\\|.jpg" in markdown, "a name's bar ends no cell"


def test_nothing_has_a_report_too() -> None:
    assert table(describe([], Remarks()), "Totals")["photos of scalps"] == (0,)
