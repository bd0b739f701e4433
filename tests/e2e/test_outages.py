"""Parts that go away in the middle. Runs last, for it takes the stack apart: first vLLM, then
Triton too.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.local_stack.demo.client import ApiClient
from api.local_stack.health import check_web
from api.local_stack.launches import launch_web
from api.local_stack.plan import ADVISOR, TRITON
from api.local_stack.ports import LOOPBACK, free_ports
from api.local_stack.processes import KeptProcess
from api.local_stack.stack import PartState
from tests.e2e.conftest import example, follow_to_end, new_person, request_analysis
from tests.support.outcomes import check_completed
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.last(2)]

_SHORT_DEADLINE_SECONDS = "10"


async def test_vllm_killed_in_the_middle_leaves_the_rules_to_speak(
    stack: RunningStack, person: ApiClient
) -> None:
    shot, _ = example("crown")
    analysis_id = await request_analysis(person, shot)
    events = []
    async for event in person.follow(analysis_id):
        events.append(event)
        if event["__typename"] == "AnalysisPlanReady":
            _kill(stack, ADVISOR)
    analysis = await person.query("Analysis", id=analysis_id)
    check_completed(analysis, stack.control)
    assert analysis["advice"]["source"] == "RULES"
    assert analysis["advice"]["model"] is None
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


async def test_triton_away_fails_in_time_and_says_that_a_retry_may_help(
    stack: RunningStack,
) -> None:
    await stack.control.stop_part(TRITON)
    async with _impatient_web(stack) as url:
        person = await new_person(url)
        analysis_id = await request_analysis(person, example("crown")[0])
        await follow_to_end(person, analysis_id)
        analysis = await person.query("Analysis", id=analysis_id)
    assert analysis["status"] == "FAILED"
    assert analysis["failure"]["retryable"] is True
    assert analysis["failure"]["code"] in ("CLASSIFIER_UNAVAILABLE", "DEADLINE_EXCEEDED")


async def test_an_analysis_waits_for_triton_and_the_deployment_comes_back(
    stack: RunningStack, person: ApiClient
) -> None:
    analysis_id = await request_analysis(person, example("clean")[0])
    await stack.control.start_part(TRITON)
    await follow_to_end(person, analysis_id)
    analysis = await person.query("Analysis", id=analysis_id)
    check_completed(analysis, stack.control)
    assert {finding["severity"] for finding in analysis["findings"]} == {"NONE"}


def _kill(stack: RunningStack, name: str) -> None:
    """End a part's program as a crash does: at once, and for good."""
    stack.control.parts[name].state = PartState.STOPPED
    process = stack.control.parts[name].process
    assert process
    for pid in process.program_pids():
        os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def _impatient_web(stack: RunningStack) -> AsyncIterator[str]:
    """A second web process on the same store, whose analyses must end within seconds."""
    port = free_ports(1)[0]
    url = f"http://{LOOPBACK}:{port}"
    changes = {
        "DUPI_PORT": str(port),
        "DUPI_ANALYSES__DEADLINE_SECONDS": _SHORT_DEADLINE_SECONDS,
    }
    launch = launch_web({**os.environ, **stack.environment, **changes})
    web = KeptProcess.start(
        "impatient web",
        launch.command,
        environment=launch.full_environment(),
        log=stack.control.plan.logs / "impatient-web.log",
    )
    try:
        while (await check_web(url)).detail == "starting" and web.exit_status is None:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        yield url
    finally:
        await web.stop()
