"""Several Triton servers as one classifier."""

import asyncio
import time
from collections import deque
from contextlib import suppress

import numpy as np
import pytest

from dupi.adapters.triton import Classification, Features, Grading, Pixels, RequestRefused
from dupi.adapters.triton_fleet import TritonFleet, open_fleet
from dupi.errors import Unavailable
from tests.analyses.doubles import FEATURES, ScriptedClassifier, says

IMAGE = np.zeros((160, 160, 3), dtype=np.uint8)
AWAY = Unavailable("away", reason="classifier")


def away() -> ScriptedClassifier:
    return ScriptedClassifier(deque([AWAY]))


async def test_calls_go_round() -> None:
    servers = [ScriptedClassifier() for _ in range(3)]
    fleet = TritonFleet(servers)
    for _ in range(9):
        await fleet.classify(IMAGE, timeout=1)
    assert [server.calls for server in servers] == [3, 3, 3]


async def test_what_one_does_not_do_the_next_does_and_the_first_rests() -> None:
    servers = [away(), ScriptedClassifier(), ScriptedClassifier()]
    fleet = TritonFleet(servers)
    for _ in range(12):
        assert (await fleet.classify(IMAGE, timeout=1)).in_domain_score > 0
    assert servers[0].calls == 1
    assert sum(server.calls for server in servers[1:]) == 12


async def test_a_server_that_came_back_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dupi.adapters.triton_fleet._REST_S", 0.0)
    first = away()
    fleet = TritonFleet([first, ScriptedClassifier()])
    await fleet.classify(IMAGE, timeout=1)
    first.answers = deque([says()])
    for _ in range(4):
        await fleet.classify(IMAGE, timeout=1)
    assert first.calls == 3


async def test_all_away_is_unavailable_after_one_try_each() -> None:
    servers = [away(), away()]
    with pytest.raises(Unavailable, match="away"):
        await TritonFleet(servers).classify(IMAGE, timeout=1)
    assert [server.calls for server in servers] == [1, 1]


async def test_one_server_that_rests_is_still_asked() -> None:
    server = away()
    fleet = TritonFleet([server])
    for _ in range(3):
        with pytest.raises(Unavailable):
            await fleet.classify(IMAGE, timeout=1)
    assert server.calls == 3


async def test_what_is_refused_is_not_asked_elsewhere() -> None:
    servers = [ScriptedClassifier(deque([RequestRefused("shape")])), ScriptedClassifier()]
    with pytest.raises(RequestRefused):
        await TritonFleet(servers).classify(IMAGE, timeout=1)
    assert servers[1].calls == 0


async def test_candidates_are_asked_at_every_server() -> None:
    servers = [ScriptedClassifier(), ScriptedClassifier()]
    fleet = TritonFleet(servers)
    for _ in range(4):
        said = await fleet.grade("severity_dandruff", "7", FEATURES, timeout=1)
        assert said.version == "7"
    assert [server.grades_asked for server in servers] == [2, 2]


class WithoutCandidate(ScriptedClassifier):
    async def grade(
        self,
        model: str,
        version: str,
        features: Features,
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Grading:
        raise AWAY


async def test_a_candidate_that_fails_lets_no_server_rest() -> None:
    """Photos go on to where the candidate was not loaded yet."""
    servers = [WithoutCandidate(), ScriptedClassifier()]
    fleet = TritonFleet(servers)
    await fleet.grade("severity_dandruff", "7", FEATURES, timeout=1)
    for _ in range(4):
        await fleet.classify(IMAGE, timeout=1)
    assert [server.calls for server in servers] == [2, 2]


class HangingClassifier(ScriptedClassifier):
    """Answers nothing within any deadline, while ``hangs``; ``allowed``: the deadlines."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed: list[float] = []
        self.hangs = True

    async def classify(
        self,
        image: Pixels,
        *,
        timeout: float,  # noqa: ASYNC109
        with_features: bool = False,
    ) -> Classification:
        self.allowed.append(timeout)
        if not self.hangs:
            return says()
        await asyncio.sleep(timeout)
        raise AWAY


async def test_a_server_that_hangs_leaves_time_for_the_next() -> None:
    hanging = HangingClassifier()
    fleet = TritonFleet([hanging, ScriptedClassifier()])
    assert (await fleet.classify(IMAGE, timeout=0.2)).in_domain_score > 0
    assert hanging.allowed == [pytest.approx(0.1, rel=0.2)]


async def test_a_server_that_goes_on_hanging_rests_ever_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dupi.adapters.triton_fleet._LONGEST_REST_S", 6.0)
    hanging = HangingClassifier()
    fleet = TritonFleet([hanging])

    async def rest() -> float:
        with suppress(Unavailable):
            await fleet.classify(IMAGE, timeout=0.01)
        return fleet._resting_until[0] - time.monotonic()

    assert [round(await rest()) for _ in range(4)] == [2, 4, 6, 6]
    hanging.hangs = False
    await rest()
    hanging.hangs = True
    assert round(await rest()) == 2


async def test_servers_are_opened_by_their_addresses() -> None:
    urls = ("127.0.0.1:9", "127.0.0.1:10")
    async with open_fleet(urls, control_timeout=1, load_timeout=1) as (fleet, servers):
        assert len(servers) == 2
        async with asyncio.timeout(10):
            with pytest.raises(Unavailable):
                await fleet.classify(IMAGE, timeout=1)
