"""A deployment of another input size goes live while photos are on their way."""

from types import SimpleNamespace

import pytest

from dupi.adapters.triton import RequestRefused
from dupi.operations import live_size
from dupi.operations.live_size import at_live_size
from dupi.operations.models import Deployment
from dupi.resources import Resources
from dupi.vision import contract as names
from dupi.vision.ensemble import ensemble_config
from tests.operations.deployments import a_deployment
from tests.operations.doubles import RememberingServer

SIDE, LARGER = names.INPUT_SIZE, names.INPUT_SIZE + 64


@pytest.fixture
async def first(platform: Resources, server: RememberingServer) -> Deployment:
    live = await a_deployment().insert()
    server.loaded = RememberingServer.at(live).loaded
    return live


async def go_larger(first: Deployment) -> Deployment:
    larger: Deployment = a_deployment(number=2, version="5").model_copy(
        update={"input_size": LARGER, "previous_id": first.id}
    )
    await larger.insert()
    return larger


async def test_what_was_read_at_the_size_before_is_read_again(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    """It goes live, and is pinned some moments later."""
    asked: list[int] = []

    async def ask(side: int) -> str:
        asked.append(side)
        if len(asked) == 1:
            await go_larger(first)
            raise RequestRefused(f"{SIDE} is not what the ensemble takes")
        if len(asked) < 4:
            raise RequestRefused(f"{LARGER} is not what the ensemble takes yet")
        return "graded"

    assert await at_live_size(platform, ask) == "graded"
    assert asked == [SIDE, LARGER, LARGER, LARGER]


async def test_what_everybody_is_agreed_on_and_is_refused_is_a_fault(
    platform: Resources, first: Deployment
) -> None:
    asked: list[int] = []

    async def ask(side: int) -> str:
        asked.append(side)
        raise RequestRefused("no such input")

    with pytest.raises(RequestRefused):
        await at_live_size(platform, ask)
    assert asked == [SIDE, SIDE]


async def test_the_size_is_settled_once_every_server_has_it(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    larger = await go_larger(first)
    asked: list[int] = []

    async def ask(side: int) -> str:
        asked.append(side)
        if len(asked) == 2:
            server.loaded[names.ENSEMBLE] = ensemble_config(larger.versions, LARGER)
        raise RequestRefused("for another reason")

    with pytest.raises(RequestRefused):
        await at_live_size(platform, ask)
    assert asked == [LARGER] * 3


async def test_whoever_waits_for_it_asks_ever_less(
    platform: Resources, server: RememberingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live deployment is at no server yet."""
    await a_deployment().insert()
    pauses: list[float] = []

    async def sleep(pause: float) -> None:
        pauses.append(pause)

    async def ask(side: int) -> str:
        if len(pauses) < 7:
            raise RequestRefused("not yet")
        return "graded"

    monkeypatch.setattr(live_size, "asyncio", SimpleNamespace(sleep=sleep))
    assert await at_live_size(platform, ask) == "graded"
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
