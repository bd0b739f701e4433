"""What the report of an overload calls a problem."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from tests.load.report import OverloadReport, figures
from tests.load.watching import Sightings

WELL: dict[str, Any] = {
    "arrived": 10,
    "uploads": 8,
    "accepted": 6,
    "gave_up": 4,
    "ended": {"COMPLETED": 6},
    "lived": [1.0, 2.0],
    "refusals": [{"step": "request", "code": "UNAVAILABLE", "retry_after": 3, "seconds": 0.1}],
    "problems": [],
    "seconds": 10.0,
    "generator_cpu": 0.1,
    "completed_under_load": 5,
    "going": 0,
    "unfinished": 0,
    "depth": [1, 5],
}


def a_report(memory: list[float] = [500, 510, 520, 530], **changes: Any) -> OverloadReport:  # noqa: B006
    samples = [(float(second), mebibytes) for second, mebibytes in enumerate(memory)]
    seen = Sightings(memory=defaultdict(list, {"web": samples}), files={"web": (40, 45)})
    return OverloadReport(
        1, 4, 0.5, WELL | changes, seen, growth=0.1, prompt_seconds=5, max_queued=200
    )


def test_one_that_held_has_no_problems() -> None:
    assert a_report().problems == []
    assert a_report().as_json()["refusals"] == {
        "request UNAVAILABLE": {"p50": 0.1, "p99": 0.1, "max": 0.1}
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"memory": [100, 500, 600, 650, 700]}, "web grew from 500 to 700 MiB"),
        ({"memory": [1500, 1500, 1600, 1500, 1500]}, "web held 1600 MiB"),
        ({"going": 2}, "2 journeys did not end"),
        ({"unfinished": 3}, "3 analyses are left unfinished"),
        ({"depth": [201]}, "201 analyses were unfinished at once"),
        ({"problems": ["lost (× 2)"]}, "lost"),
        (
            {"refusals": [{"step": "upload", "code": "RATE_LIMITED", "seconds": 7.0}]},
            "upload: RATE_LIMITED came late, 1 of 1, the latest after 7.0 s",
        ),
    ],
)
def test_what_did_not_hold_is_told(changes: dict[str, Any], told: str) -> None:
    [problem] = a_report(**changes).problems
    assert told in problem


def test_how_late_a_refusal_may_be_is_given() -> None:
    late = [{"step": "upload", "code": "RATE_LIMITED", "seconds": 7.0}]
    assert replace(a_report(refusals=late), prompt_seconds=30).problems == []


def test_each_part_has_a_bound_of_its_own() -> None:
    seen = Sightings(memory=defaultdict(list, {"web-2": [(0.0, 2000)], "triton": [(0.0, 2000)]}))
    assert replace(a_report(), sightings=seen).problems == ["web-2 held 2000 MiB"]


def test_figures_of_nothing_and_of_many() -> None:
    assert figures([]) == {}
    assert figures([float(n) for n in range(1, 101)]) == {"p50": 51, "p99": 100, "max": 100}
