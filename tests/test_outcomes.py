"""An analysis that should have completed tells why it did not, with what the logs end with."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.local_stack.health import Health
from api.local_stack.plan import TRITON, PartPlan, StackPlan
from api.local_stack.processes import KeptProcess
from api.local_stack.stack import Stack
from tests.support import outcomes
from tests.support.outcomes import check_completed, until_well
from tests.support.patience import HANGS_AFTER_S

_PROGRAM = (sys.executable, "-c", "print('the last word')")


async def _is_ill() -> Health:
    return Health(is_up=False, detail="it ails")


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """Its Triton has said something and ended."""
    part = PartPlan(TRITON, "Triton", "", None, _is_ill, start_seconds=1, usual_seconds=1)
    stack = Stack(StackPlan(tmp_path, (part,), {}))
    process = KeptProcess.start(TRITON, _PROGRAM, environment={}, log=tmp_path / "triton.log")
    stack.parts[TRITON].process = process
    assert await process.wait(HANGS_AFTER_S) == 0
    yield stack
    await process.stop()


async def test_why_an_analysis_did_not_complete_is_told(stack: Stack) -> None:
    failure = {"code": "CLASSIFIER_UNAVAILABLE"}
    with pytest.raises(AssertionError, match=r"FAILED.*CLASSIFIER_UNAVAILABLE") as told:
        check_completed({"status": "FAILED", "failure": failure}, stack)
    assert "the last word" in str(told.value)
    check_completed({"status": "COMPLETED", "failure": None}, stack)


async def test_a_part_that_does_not_get_well_is_told(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "_UP_WITHIN_S", 0.05)
    with pytest.raises(AssertionError, match="Triton ended with status 0") as told:
        await until_well(stack)
    assert "the last word" in str(told.value)
    stack.parts[TRITON].process = None
    with pytest.raises(AssertionError, match="Triton is not well: it ails"):
        await until_well(stack)
