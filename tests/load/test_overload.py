"""A short overload of the real stack. ``make soak`` has the long one."""

import sys

import pytest

from tests.load.overload import run
from tests.support.outcomes import log_tails
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("left_at_rest")]


async def test_what_is_refused_is_refused_at_once_and_what_is_accepted_is_done(
    stack: RunningStack,
) -> None:
    report = await run(
        1,
        say=lambda text: sys.stderr.write(f"{text}\n"),
        stack=stack.control,
        seconds=15,
        rate=1.5,  # more than two cores do; not measured, for others may be at work on the machine
        people=60,
        growth=0.6,
        prompt_seconds=30,  # only what hangs: others may be at work on the machine
    )
    assert report.problems == [], log_tails(stack.control)
    assert report.result["accepted"] > 0
    assert report.result["refusals"]
    assert report.result["arrived"] > report.result["accepted"]
