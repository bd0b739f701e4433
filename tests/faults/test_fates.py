"""What a person makes of a retry whose answer was lost: by then it may have ended again."""

import random
from collections.abc import AsyncIterator

import pytest

from api.local_stack.demo.client import Answer, ApiClient, Refused
from tests.faults.calls import Caller
from tests.faults.fates import follow
from tests.faults.ledger import KnownAnalysis, Ledger, Stage

_FAILED = {"sequence": 1, "__typename": "AnalysisFinished"} | {
    "analysis": {"status": "FAILED", "failure": {"code": "INTERNAL", "retryable": True}}
}
_COMPLETED = {"sequence": 2, "__typename": "AnalysisFinished"} | {
    "analysis": {"status": "COMPLETED", "failure": None}
}
_CONFLICT = Refused("RetryAnalysis", {"code": "CONFLICT", "message": "it cannot be tried again"})


async def _follow_a_failed_one(
    monkeypatch: pytest.MonkeyPatch, *answers: Exception
) -> tuple[Ledger, KnownAnalysis]:
    """Retries are answered so, one after another."""
    left = iter(answers)

    async def mutate(_client: ApiClient, _operation: str, **_fields: object) -> Answer:
        raise next(left)

    async def events(_client: ApiClient, _id: str, *, after: int) -> AsyncIterator[Answer]:
        assert after == 1
        yield _COMPLETED

    monkeypatch.setattr(ApiClient, "mutate", mutate)
    monkeypatch.setattr(ApiClient, "follow", events)
    monkeypatch.setattr("tests.faults.calls._PAUSE_SECONDS", 0)
    known = KnownAnalysis("a1", "mina", "key", ("p1",), stage=Stage.ENDED, events=[_FAILED])
    ledger = Ledger(analyses={"a1": known})
    dice = random.Random(2)  # noqa: S311
    caller = Caller(("http://web",), ledger, dice)
    await follow(caller, ledger, known, dice)
    return ledger, known


async def test_a_retry_that_was_done_by_a_lost_call_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, known = await _follow_a_failed_one(monkeypatch, OSError("web was killed"), _CONFLICT)
    assert known.events == [_FAILED, _COMPLETED]
    assert known.retries == 1
    assert ledger.problems == []


async def test_a_first_retry_may_not_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused):
        await _follow_a_failed_one(monkeypatch, _CONFLICT)
