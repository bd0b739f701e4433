"""The printed rules: the committed print is of the present rules, and holds all of them."""

import subprocess
import sys
from pathlib import Path

from dupi.knowledge.rule_sheet import sheet
from dupi.knowledge.rulebook import NEWEST, rulebook

PRINTED = Path(__file__).parents[2] / "docs" / "care-rules.md"
BOOK = rulebook(NEWEST)


def test_the_committed_print_is_of_the_present_rules() -> None:
    """`python -m dupi.knowledge.rule_sheet > docs/care-rules.md` makes it anew."""
    assert PRINTED.read_text("utf-8") == sheet(BOOK)


def test_the_command_prints_it() -> None:
    command = [sys.executable, "-m", "dupi.knowledge.rule_sheet"]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    assert done.stdout == sheet(BOOK)


def test_everything_is_on_the_sheet() -> None:
    printed = sheet(BOOK)
    for rule in (*BOOK.sayable, *BOOK.steps):
        assert all(words in printed for words in (rule.code, rule.text, rule.en))
    for flag in BOOK.red_flags:
        assert all(words in printed for words in (flag.code, flag.reason, flag.en))
    for source in BOOK.sources.values():
        assert source.at in printed


def test_a_rule_is_told_in_words() -> None:
    printed = sheet(BOOK)
    assert "미세각질 중등도 이상 · 피지과다 경증 미만, 비듬 경증 미만, 모낭홍반" in printed
    assert "모발: 염색 모발" in printed
    assert "나이: 60대 이상" in printed
    assert "검토를 아직 받지 않았습니다" in printed


def test_every_row_has_as_many_cells_as_its_table() -> None:
    for table in sheet(BOOK).split("\n## ")[1:]:
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert len({row.count(" | ") for row in rows}) == 1
