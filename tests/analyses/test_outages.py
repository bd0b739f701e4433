"""The pipeline while parts of the platform are away, or time is up at a bad moment."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dupi.adapters import storage
from dupi.analyses.models import (
    AdviceRestarted,
    AdviceSource,
    Analysis,
    AnalysisFailureCode,
    AnalysisStatus,
)
from dupi.analyses.queue import Claim
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Unavailable
from dupi.resources import Resources
from tests.analyses.doubles import ScriptedClassifier, says
from tests.analyses.running import GOOD, a_queued, claimed, kinds, run_one, told, words
from tests.support.advisor_server import AdvisorServer, Script

Patch = pytest.MonkeyPatch
_SOON_S = 3.0
"""Until a claim's deadline; the advisor has a second less."""


async def set_deadline(analysis: Analysis, seconds: float) -> None:
    await Analysis.get_pymongo_collection().update_one(
        {"_id": analysis.id},
        {"$set": {"deadline_at_ms": epoch_ms(utc_now()) + int(seconds * 1000)}},
    )


def failing(work: Callable[..., Any], *, times: int) -> Callable[..., Any]:
    """``work`` on a disk that fails so many times before it is well again."""
    left = times

    def try_work(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise OSError("the disk is away")
        return work(*arguments)

    return try_work


async def test_a_storage_that_stays_away_is_not_blamed_on_the_classifier(
    platform: Resources, monkeypatch: Patch
) -> None:
    await set_deadline(await a_queued(platform), 1.5)
    monkeypatch.setattr(storage, "_read", failing(storage._read, times=1000))
    done = await run_one(platform)
    assert done.failure is not None
    assert done.failure.code is AnalysisFailureCode.DEADLINE_EXCEEDED
    assert done.failure.retryable


async def test_a_storage_that_comes_back_is_waited_for(
    platform: Resources, advisor: AdvisorServer, monkeypatch: Patch, tmp_path: Path
) -> None:
    advisor.scripts = deque([GOOD])
    await a_queued(platform)
    write = storage._write_atomically
    monkeypatch.setattr(storage, "_read", failing(storage._read, times=1))
    monkeypatch.setattr(storage, "_write_atomically", failing(write, times=2))
    done = await run_one(platform)
    assert done.status is AnalysisStatus.COMPLETED
    assert len(list((tmp_path / "objects").rglob("*.png"))) == len(done.findings)


async def test_time_that_is_up_while_a_sentence_is_written_down_loses_nothing(
    platform: Resources, advisor: AdvisorServer, monkeypatch: Patch
) -> None:
    """The store takes the sentence, and says so only after the advisor's time is over."""
    advisor.scripts = deque([Script(GOOD.chunks, pause_s=0.01)])
    update = Claim._update

    async def slowly(self: Claim, guard: dict[str, Any], change: dict[str, Any]) -> None:
        await update(self, guard, change)
        if change["$set"].get("status") == AnalysisStatus.ADVISING:
            self._ends_at = time.monotonic() + _SOON_S
        if "ADVICE_DELTA" in repr(change):
            await asyncio.sleep(max(self.seconds_left, 0))

    monkeypatch.setattr(Claim, "_update", slowly)
    await a_queued(platform)
    done = await run_one(platform)
    assert "ADVICE_DELTA ADVICE_RESTARTED ADVICE_DELTA FINISHED" in " ".join(kinds(done))
    assert done.advice is not None
    assert done.advice.source is AdviceSource.RULES
    assert words(done) == done.advice.text


async def test_a_model_that_takes_over_from_the_rules_is_told(
    platform: Resources, advisor: AdvisorServer
) -> None:
    """An attempt announced the rules' words and was lost before the first of them."""
    advisor.scripts = deque([GOOD])
    await a_queued(platform)
    lost = await claimed(platform)
    await lost.write(AdviceRestarted(source=AdviceSource.RULES))
    await lost.hand_back()
    done = await run_one(platform)
    restarts = [event.source for event in told(done) if isinstance(event, AdviceRestarted)]
    assert restarts == [AdviceSource.RULES, AdviceSource.MODEL]
    assert done.advice is not None
    assert done.advice.source is AdviceSource.MODEL


async def test_a_photo_is_decoded_once_however_often_it_is_asked(
    platform: Resources,
    classifier: ScriptedClassifier,
    advisor: AdvisorServer,
    monkeypatch: Patch,
) -> None:
    sides: list[int] = []
    decode = type(platform.decoder).model_input

    async def counted(self: Any, jpeg: bytes, side: int) -> Any:
        sides.append(side)
        return await decode(self, jpeg, side)

    monkeypatch.setattr(type(platform.decoder), "model_input", counted)
    away = Unavailable("away", reason="classifier")
    classifier.answers = deque([away, away, says()])
    advisor.scripts = deque([GOOD])
    await a_queued(platform)
    assert (await run_one(platform)).status is AnalysisStatus.COMPLETED
    assert (classifier.calls, len(sides)) == (3, 1)
