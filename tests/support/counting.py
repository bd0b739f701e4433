"""Counts other runs' results into this one's summary and exit status."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

_KINDS = {"failure": "failed", "error": "error", "skipped": "skipped"}


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "JUnit XML of a run to be counted in; may be given again"
    parser.addoption("--count-in", type=Path, action="append", default=[], help=told)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    outcomes = [outcome for _, outcome in counted_in(session.config)]
    is_bad = any(outcome in ("failed", "error") for outcome in outcomes)
    if is_bad and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for name, outcome in counted_in(config):
        report = pytest.TestReport(
            nodeid=name,
            location=(name, None, name),
            keywords={},
            outcome="passed" if outcome == "passed" else "failed",
            longrepr=None,
            when="call",
        )
        terminalreporter.stats.setdefault(outcome, []).append(report)
        if outcome in ("failed", "error"):
            terminalreporter.write_line(f"{outcome.upper()} {name} (told above)")


def counted_in(config: pytest.Config) -> list[tuple[str, str]]:
    """(test, outcome) of the runs that are counted in; nothing where there was none."""
    paths: list[Path] = config.getoption("--count-in", [])
    return [found for path in paths if path.exists() for found in _told_in(path)]


def _told_in(path: Path) -> Iterator[tuple[str, str]]:
    for case in ElementTree.parse(path).getroot().iter("testcase"):  # noqa: S314 written by us
        yield f"{case.get('classname')}.{case.get('name')}", _outcome(case)


def _outcome(case: ElementTree.Element) -> str:
    found = (_KINDS[part.tag] for part in case if part.tag in _KINDS)
    return next(found, "passed")
