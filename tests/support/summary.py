"""One summary of several runs of pytest, out of their JUnit reports."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

NO_TESTS_COLLECTED: Final = 5
_KINDS: Final = {"failure": "failed", "error": "error", "skipped": "skipped"}
_SHOWN: Final = ("failed", "passed", "skipped", "error")

Outcome = tuple[str, str]
"""A test and how it went."""


def outcomes_in(report: Path) -> Iterator[Outcome]:
    """Nothing where the run came to no report."""
    if not report.exists():
        return
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 ours
        yield f"{case.get('classname')}.{case.get('name')}", _outcome(case)


def _outcome(case: ElementTree.Element) -> str:
    found = (_KINDS[part.tag] for part in case if part.tag in _KINDS)
    return next(found, "passed")


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """A line for each test that failed, and the counts, as pytest writes them."""
    failed = [f"{how.upper()} {name}" for name, how in outcomes if how in ("failed", "error")]
    counts = Counter(how for _, how in outcomes)
    told = ", ".join(f"{counts[how]} {how}" for how in _SHOWN if counts[how]) or "no tests ran"
    took = timedelta(seconds=round(seconds))
    return "\n".join([*failed, f" {told} in {seconds:.2f}s ({took}) ".center(80, "=")])


def status_of(runs: Sequence[int]) -> int:
    """The first failure among exit statuses; a run without tests is none, unless all are."""
    failed = [status for status in runs if status not in (0, NO_TESTS_COLLECTED)]
    return failed[0] if failed else min(runs)
