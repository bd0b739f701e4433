"""Several runs are told as one, and no failure of any is lost."""

from pathlib import Path

import pytest

from tests.support.summary import outcomes_in, status_of, summary

_REPORT = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_well" />
<testcase classname="tests.a" name="test_ill"><failure message="no" /></testcase>
<testcase classname="tests.a" name="test_set_up"><error message="no" /></testcase>
<testcase classname="tests.a" name="test_left_out"><skipped message="why" /></testcase>
</testsuite></testsuites>"""


def test_reports_are_read_and_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(_REPORT)
    told = summary([*outcomes_in(report), *outcomes_in(report), ("tests.b.test_c", "passed")], 61)
    lines = told.splitlines()
    assert lines.count("FAILED tests.a.test_ill") == lines.count("ERROR tests.a.test_set_up") == 2
    assert " 2 failed, 3 passed, 2 skipped, 2 error in 61.00s (0:01:01) " in lines[-1]


def test_a_run_that_broke_off_has_no_outcomes(tmp_path: Path) -> None:
    assert list(outcomes_in(tmp_path / "none.xml")) == []
    assert "no tests ran" in summary([], 1)


@pytest.mark.parametrize(
    ("runs", "status"),
    [((0, 0, 0), 0), ((0, 5, 5), 0), ((5, 5, 5), 5), ((0, 1, 0), 1), ((0, 5, -11), -11)],
)
def test_the_status_is_that_of_the_first_failure(runs: tuple[int, ...], status: int) -> None:
    assert status_of(runs) == status
