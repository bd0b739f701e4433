"""The reckoning names whoever hangs, and always comes to an end itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.local_stack.demo.client import Answer, ApiClient
from api.local_stack.plan import StackPlan
from api.local_stack.stack import Stack
from tests.faults import kills
from tests.faults.comeback import Before, what_is_lost
from tests.faults.ledger import KnownAnalysis, Ledger, Stage
from tests.faults.readback import broken_promises
from tests.faults.trial import Trial, who_does_not_end

_ENDED = {"sequence": 1, "__typename": "AnalysisFinished"}
_WITHIN = 30


def _ledger(stage: Stage = Stage.ENDED, *, analyses: int = 1) -> Ledger:
    known = [
        KnownAnalysis(f"a{n}", "mina", f"key {n}", ("p1",), stage=stage, events=[_ENDED])
        for n in range(1, analyses + 1)
    ]
    return Ledger(analyses={one.id: one for one in known}, tokens={"mina": "token"})


async def _problems_of_one_who_hangs(ledger: Ledger) -> list[str]:
    hanging = asyncio.create_task(asyncio.Event().wait(), name="person 7")
    ready = asyncio.create_task(asyncio.sleep(0), name="person 8")
    try:
        return await who_does_not_end([hanging, ready], ledger, 0.05)  # type: ignore[list-item]
    finally:
        hanging.cancel()


async def test_a_person_who_heard_the_end_and_hangs_is_named() -> None:
    assert await _problems_of_one_who_hangs(_ledger()) == ["person 7 did not end"]


async def test_analyses_that_nobody_heard_the_end_of_are_named_beside_them() -> None:
    person, analysis = await _problems_of_one_who_hangs(_ledger(Stage.ADVISING))
    assert person == "person 7 did not end"
    assert "analysis a1 hangs for its follower: advising" in analysis


async def _is_there(_client: ApiClient, _operation: str, **variables: object) -> Answer:
    return {"photos": {"edges": []}} if "first" in variables else {"id": "a1"}


async def _tells_without_end(
    _client: ApiClient, _id: str, *, after: int = 0
) -> AsyncIterator[Answer]:
    yield _ENDED
    await asyncio.Event().wait()


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that never complete."""
    monkeypatch.setattr(ApiClient, "query", _is_there)
    monkeypatch.setattr(ApiClient, "follow", _tells_without_end)
    monkeypatch.setattr("tests.faults.readback._READ_SECONDS", 0.05)
    monkeypatch.setattr("tests.faults.comeback._ANALYSIS_SECONDS", 0.05)


@pytest.mark.usefixtures("endless")
async def test_a_stream_without_an_end_is_a_problem_when_it_is_read_back() -> None:
    async with asyncio.timeout(_WITHIN):
        problems = await broken_promises("http://web", _ledger(analyses=9))
    assert "analysis a1 is not told to its end" in problems[0]
    assert problems[-1] == "what comes after these was not read again"


@pytest.mark.usefixtures("endless")
async def test_a_stream_without_an_end_is_a_problem_after_a_restart() -> None:
    async with asyncio.timeout(_WITHIN):
        problems = await what_is_lost(Before(ApiClient("http://web"), set(), ["a1"]))
    assert problems == ["analysis a1 is not told to its end"]


async def test_what_cannot_be_read_back_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: object, **__: object) -> Answer:
        raise KeyError("data")

    monkeypatch.setattr(ApiClient, "query", breaks)
    [problem] = await broken_promises("http://web", _ledger())
    assert problem == "analysis a1 could not be read again: KeyError('data')"


async def test_a_run_that_breaks_off_has_a_report(tmp_path: Path) -> None:
    """Of a stack without a store, nothing can be read in the end."""
    stack = Stack(StackPlan(tmp_path, (), {}))
    trial = Trial(stack, webs=(), folder=tmp_path, seed=1, say=lambda _: None)
    report = await trial.run({}, people=0, pause_seconds=0)
    [problem] = report.problems
    assert problem.startswith("the run broke off: RuntimeError")
    assert report.as_json()["problems"] == [problem]


async def test_a_stack_that_does_not_start_has_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_stack: Stack) -> None:
        raise RuntimeError("no store")

    monkeypatch.setattr(Stack, "start", breaks)
    report = await kills.run(1, state=tmp_path, kills=1, say=lambda _: None)
    assert report.problems == ["the stack did not start or stop: RuntimeError('no store')"]
