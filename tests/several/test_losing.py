"""Several processes of which some go away in the middle: a worker, Redis, the bucket."""

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from typing import Final

import httpx
import pytest

from api.local_stack.demo.client import Answer, ApiClient, Refused
from api.local_stack.plan import REDIS
from tests.e2e.conftest import example, new_person, request_analysis
from tests.several.conftest import Several, at, path_of
from tests.support.outcomes import check_completed

pytestmark = pytest.mark.stack

SETTINGS: Final = {
    "DUPI_ANALYSES__POLL_SECONDS": "0.5",
    "DUPI_ANALYSES__LEASE_SECONDS": "4",
    "DUPI_PHOTOS__STORAGE_TIMEOUT_SECONDS": "3",
}
_PATIENCE_S: Final = 150
"""What would hang without an end is given up after."""


async def _watched(
    person: ApiClient, analysis_id: str, when: str, do: Callable[[], None]
) -> list[Answer]:
    """Every event until the end; ``do`` is done at the first that is called ``when``."""
    events: list[Answer] = []
    async with asyncio.timeout(_PATIENCE_S):
        async for event in person.follow(analysis_id):
            if _name(event) == when and when not in map(_name, events):
                do()
            events.append(event)
    return events


def _name(event: Answer) -> str:
    return str(event.get("status") or event["__typename"])


def _check_told_once(several: Several, events: list[Answer]) -> None:
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    check_completed(events[-1]["analysis"], several.control, several.shared)


async def test_a_killed_worker_s_analysis_is_done_by_the_other(several: Several) -> None:
    one, two = several.webs
    person = await new_person(one)
    several.signal("worker-2", signal.SIGSTOP)

    def kill() -> None:
        several.signal("worker-1", signal.SIGKILL)
        several.signal("worker-2", signal.SIGCONT)

    analysis_id = await request_analysis(person, example("crown")[0])
    _check_told_once(several, await _watched(at(person, two), analysis_id, "CLASSIFYING", kill))
    [stored] = await several.stored("analyses")
    assert (stored["attempt"], stored["claims"]) == (2, 2)


async def test_redis_gone_in_the_middle_and_for_the_next(several: Several) -> None:
    one, two = several.webs
    person = await new_person(one)
    analysis_id = await request_analysis(person, example("crown")[0])
    kill = partial(several.signal, REDIS, signal.SIGKILL)
    _check_told_once(
        several, await _watched(at(person, two), analysis_id, "AnalysisFindingsReady", kill)
    )
    late = await new_person(two)
    analysis_id = await request_analysis(late, example("clean")[0])
    _check_told_once(several, await _watched(at(late, one), analysis_id, "never", lambda: None))
    told = several.log_of("web").count("redis_away")
    assert 1 <= told <= 3  # publishing and hearing hints, counting tries: each once


async def test_redis_hanging_fails_nothing(several: Several) -> None:
    one, two = several.webs
    several.signal(REDIS, signal.SIGSTOP)
    person = await new_person(one)
    analysis_id = await request_analysis(person, example("clean")[0])
    _check_told_once(several, await _watched(at(person, two), analysis_id, "never", lambda: None))


async def test_a_bucket_that_hangs_refuses_clearly_and_comes_back(several: Several) -> None:
    one, two = several.webs
    person = await new_person(one)
    shot, _ = example("clean")
    photo = await person.upload(shot.path, shot.site)
    several.buckets.hang()
    async with asyncio.timeout(_PATIENCE_S):
        with pytest.raises(Refused) as refused:
            await person.upload(shot.path, shot.site)
        with pytest.raises(httpx.HTTPStatusError, match="503"):
            await at(person, two).download(path_of(photo["url"]))
    several.buckets.go_on()
    assert refused.value.error["code"] == "UNAVAILABLE"
    assert refused.value.error["retryAfterSeconds"] > 0
    analysis_id = await request_analysis(person, shot)
    _check_told_once(several, await _watched(at(person, two), analysis_id, "never", lambda: None))
