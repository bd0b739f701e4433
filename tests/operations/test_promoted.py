"""What a promotion comes to: whoever dies or leaves meanwhile, and what the servers hold."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dupi.errors import Conflict, Unavailable
from dupi.operations import deployments, promoting, service
from dupi.operations.applying import is_applied
from dupi.operations.audit import AuditEvent
from dupi.operations.choosing import planned_after
from dupi.operations.holdings import GivenUp
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.reconciler import _try, reconcile
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.operations.doubles import RememberingServer
from tests.operations.promotions import HEAD, MINA, OTHER, live_ones, promoted


async def test_whoever_is_told_that_it_is_live_is_served_by_it(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    """Also who asked for the same a moment after another."""
    server.pinning_s = 0.3

    async def is_served() -> bool:
        return await is_applied(platform, await promoted(platform, first, (OTHER, 2)))

    assert await asyncio.gather(*(is_served() for _ in range(3))) == [True] * 3


async def test_a_process_that_dies_while_preparing_is_made_up_for(
    platform: Resources, first: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "PREPARED_FOR_MS", -1)
    planned = planned_after(first, MINA, None)
    prepared = await deployments.insert_preparing(planned)
    assert (await service.get_live_deployment()).id == first.id
    assert await _try(platform, GivenUp()) is None
    found = await service.get_deployment(deployment_id=prepared.id)
    assert found.state is DeploymentState.FAILED
    with pytest.raises(Conflict):
        await deployments.go_live(prepared)
    assert (await service.get_live_deployment()).id == first.id


async def test_a_process_that_dies_after_going_live_is_made_up_for(
    platform: Resources, first: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the one write and everything else."""

    async def die(_: Deployment) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(deployments, "retire_before", die)
    prepared = await deployments.insert_preparing(planned_after(first, MINA, None))
    with pytest.raises(RuntimeError, match="killed"):
        await deployments.go_live(prepared)
    monkeypatch.undo()
    assert len(await live_ones()) == 2
    assert (await service.get_live_deployment()).id == prepared.id
    seen = await service.get_deployment(deployment_id=first.id)
    assert seen.state is DeploymentState.RETIRED
    assert await _try(platform, GivenUp()) is None
    assert [one.id for one in await live_ones()] == [prepared.id]
    assert await AuditEvent.find({"object_id": prepared.id}).count() == 1


async def test_whoever_leaves_does_not_stop_it(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    loaded = asyncio.Event()
    real = server.load

    async def slowly(model: str, config: Any = None) -> None:
        await loaded.wait()
        await real(model, config)

    server.load = slowly  # type: ignore[method-assign]
    waiting = await promoted(platform, first, (OTHER, 2), patience_s=0.01)
    assert waiting.state is DeploymentState.PREPARING
    loaded.set()
    through = await promoting.wait_for(waiting.id, patience_s=5)
    assert through.state is DeploymentState.LIVE


async def test_what_is_neither_live_nor_before_nor_lately_is_dropped(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    second = await promoted(platform, first, (HEAD, 5))
    third = await promoted(platform, second, (HEAD, 1))
    assert server.versions(HEAD) == {1, 3, 5}, "an inference under the first may still be at work"
    await deployments.deployments().update_many({}, {"$set": {"retired_at_ms": 1}})
    await reconcile(platform)
    assert server.versions(HEAD) == {1, 5}
    assert (await service.get_live_deployment()).id == third.id


async def test_what_others_have_loaded_is_left_alone(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    """By hand, or a platform with another store on the same Triton: else each would undo the other
    for ever."""
    server.loaded[OTHER] = {"version_policy": {"specific": {"versions": [1, 77]}}}
    assert not await reconcile(platform)
    await promoted(platform, first, (OTHER, 2))
    assert server.versions(OTHER) == {1, 2, 77}


async def test_what_was_published_meanwhile_does_not_come_with_the_ensemble(
    platform: Resources, server: RememberingServer, repository: Path, first: Deployment
) -> None:
    """Triton would load it, broken or not, and drop what is live."""
    for model in names.COMPONENTS:
        server.published_meanwhile(model, 8, 9)
    await promoted(platform, first, (OTHER, 2))
    assert {version for model in names.COMPONENTS for version in server.versions(model)} <= {
        *(1, 2, 3)
    }


async def test_a_broken_version_before_does_not_keep_the_live_one_away(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    await promoted(platform, first, (HEAD, 5))
    server.restart()
    server.broken.add((HEAD, 3))
    given_up = GivenUp()
    await reconcile(platform, given_up)
    assert server.versions(HEAD) == {5}
    assert not await reconcile(platform, given_up)


async def test_every_server_is_brought_to_it(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    second_server, away = RememberingServer(), RememberingServer()
    away.away = True
    fleet = replace(platform, model_servers=(server, second_server, away))
    second = await promoted(fleet, first, (OTHER, 2))
    assert second.state is DeploymentState.LIVE
    assert await is_applied(replace(platform, model_servers=(server, second_server)), second)
    with pytest.raises(Unavailable):
        await reconcile(fleet)
    away.away = False
    assert await reconcile(fleet)
    assert await is_applied(fleet, second)


async def test_who_asked_for_the_same_waits_no_longer_than_patience(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    """And Triton is brought to it all the same."""
    real, may_load = server.load, asyncio.Event()

    async def slowly(model: str, config: Any = None) -> None:
        await may_load.wait()
        await real(model, config)

    server.restart()
    server.load = slowly  # type: ignore[method-assign]
    async with asyncio.timeout(5):
        assert await service._served(platform, first, time.monotonic()) == first
        may_load.set()
        while not await is_applied(platform, first):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
