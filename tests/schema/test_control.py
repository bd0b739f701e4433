"""Cancelling and retrying, as GraphQL text: the good case, and every refusal."""

from collections import deque
from typing import Any

import pytest

from dupi.analyses import capacity
from dupi.analyses.capacity import Pace, report_pace
from dupi.resources import Resources
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import GOOD, run_one
from tests.schema.test_analyses import other, requested, uploaded
from tests.support.advisor_server import AdvisorServer
from tests.support.web import Caller

__all__ = ["other"]

ACTS = ["CancelAnalysis", "RetryAnalysis"]


@pytest.fixture(autouse=True)
def good_advisor(advisor: AdvisorServer) -> None:
    advisor.scripts = deque([GOOD])


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long the queue is, is looked at anew each time."""
    monkeypatch.setattr(capacity, "_REMEMBERED_S", 0.0)


@pytest.fixture
async def queued(mina: Caller, photo: bytes) -> str:
    """The id of an analysis of hers that waits."""
    answer = await requested(mina, await uploaded(mina, photo))
    return str(answer["analysis"]["id"])


async def act(who: Caller, name: str, analysis_id: str) -> Any:
    return await who.run(name, input={"analysisId": analysis_id})


async def fail_once(platform: Resources, classifier: ScriptedClassifier) -> None:
    good = list(classifier.answers)
    classifier.answers = deque([RuntimeError("just once"), *good])
    await run_one(platform)


async def test_cancelling(mina: Caller, queued: str) -> None:
    cancelled = await act(mina, "CancelAnalysis", queued)
    assert cancelled["__typename"] == "CancelAnalysisPayload"
    assert cancelled["analysis"]["status"] == "CANCELLED"
    assert cancelled["analysis"]["completedAt"]
    assert await act(mina, "CancelAnalysis", queued) == cancelled
    assert (await act(mina, "RetryAnalysis", queued))["__typename"] == "ConflictError"


async def test_retrying(
    mina: Caller, queued: str, platform: Resources, classifier: ScriptedClassifier
) -> None:
    await fail_once(platform, classifier)
    failed = await mina.run("Analysis", id=queued)
    assert (failed["status"], failed["failure"]["retryable"]) == ("FAILED", True)
    again = await act(mina, "RetryAnalysis", queued)
    assert again["__typename"] == "RetryAnalysisPayload"
    assert (again["analysis"]["id"], again["analysis"]["status"]) == (queued, "QUEUED")
    assert again["analysis"]["failure"] is None
    await run_one(platform)
    assert (await mina.run("Analysis", id=queued))["status"] == "COMPLETED"


async def test_what_has_ended_well_is_neither_cancelled_nor_retried(
    mina: Caller, queued: str, platform: Resources
) -> None:
    await run_one(platform)
    for name in ACTS:
        refused = await act(mina, name, queued)
        assert (refused["__typename"], refused["code"]) == ("ConflictError", "CONFLICT")


@pytest.mark.parametrize("name", ACTS)
async def test_strangers_and_nonsense_get_the_same_answer(
    mina: Caller, other: Caller, queued: str, name: str
) -> None:
    answers = [await act(other, name, one) for one in (queued, queued[:-4] + "AAAA", "x")]
    assert answers[0]["__typename"] == "NotFoundError"
    assert answers[1:] == answers[:1] * 2


@pytest.mark.parametrize("name", ACTS)
async def test_nobody_does_it_without_a_session(anyone: Caller, queued: str, name: str) -> None:
    assert (await act(anyone, name, queued))["__typename"] == "UnauthenticatedError"


async def test_too_many_retries_say_when_to_come_again(
    mina: Caller, queued: str, platform: Resources, classifier: ScriptedClassifier
) -> None:
    await fail_once(platform, classifier)
    answers = [await act(mina, "RetryAnalysis", queued) for _ in range(12)]
    assert answers[-1]["__typename"] == "RateLimitedError"
    assert answers[-1]["retryAfterSeconds"] >= 1


async def test_a_queue_that_is_too_long_refuses_and_says_until_when(
    mina: Caller, queued: str, photo: bytes, platform: Resources, classifier: ScriptedClassifier
) -> None:
    await fail_once(platform, classifier)
    await requested(mina, await uploaded(mina, photo))
    await report_pace("slow", slots=1, pace=Pace(70))
    refused = [
        await act(mina, "RetryAnalysis", queued),
        await requested(mina, await uploaded(mina, photo)),
    ]
    assert [answer["__typename"] for answer in refused] == ["UnavailableError"] * 2
    assert [answer["retryAfterSeconds"] for answer in refused] == [40, 40]
    await report_pace("fast", slots=4, pace=Pace(1))
    assert (await act(mina, "RetryAnalysis", queued))["__typename"] == "RetryAnalysisPayload"
