"""Promoting and rolling back: one winner, nothing lost, and always one that is live."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dupi.errors import Conflict, InvalidInput, NotFound, Unavailable
from dupi.operations import deployments, promoting, service
from dupi.operations.applying import is_applied
from dupi.operations.audit import Act, Actor, ActorKind, AuditEvent
from dupi.operations.holdings import GivenUp
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.reconciler import _try, reconcile
from dupi.operations.service import ChosenVersion, promote, roll_back
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.operations.doubles import RememberingServer
from tests.operations.repository import publish

MINA = Actor(kind=ActorKind.PERSON, user_id="user-1", request_id="request-1")
HEAD, OTHER = names.HEADS[0], names.HEADS[1]


@pytest.fixture
async def first(platform: Resources, repository: Path) -> Deployment:
    """Live and applied: version 3 of one head, 1 of all else. Then others are published."""
    await reconcile(platform)
    publish(repository, {HEAD: 5, OTHER: 2})
    return await service.get_live_deployment()


async def promoted(
    platform: Resources, expected: Deployment, *chosen: tuple[str, int], **more: Any
) -> Deployment:
    versions = [ChosenVersion(model, str(version)) for model, version in chosen]
    return await promote(platform, versions=versions, expected_id=expected.id, actor=MINA, **more)


async def rolled_back(platform: Resources, expected: Deployment, **more: Any) -> Deployment:
    return await roll_back(platform, expected_id=expected.id, actor=MINA, **more)


async def live_ones() -> Sequence[Deployment]:
    return await Deployment.find({"state": DeploymentState.LIVE.value}).to_list()


async def test_what_is_promoted_goes_live_and_what_is_not_named_stays(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    second = await promoted(platform, first, (OTHER, 2), note=" better ")
    assert second.versions == first.versions | {OTHER: 2}
    assert (second.state, second.number, second.note) == (DeploymentState.LIVE, 2, "better")
    assert (second.previous_id, second.created_by) == (first.id, "user-1")
    assert await is_applied(platform, second)
    assert [one.id for one in await live_ones()] == [second.id]
    assert server.versions(OTHER) == {1, 2}


async def test_rolling_back_is_a_new_deployment_of_the_one_before(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    second = await promoted(platform, first, (OTHER, 2))
    server.fresh.clear()
    third = await rolled_back(platform, second, note="worse")
    assert (third.number, third.versions) == (3, first.versions)
    assert third.rolled_back_from_id == third.previous_id == second.id
    assert not server.fresh, "both versions are loaded"
    assert await rolled_back(platform, second) == third
    fourth = await rolled_back(platform, third, to_id=second.id)
    assert fourth.versions == second.versions


async def test_only_the_live_one_is_replaced(platform: Resources, first: Deployment) -> None:
    second = await promoted(platform, first, (OTHER, 2))
    for call in (promoted(platform, first, (HEAD, 5)), rolled_back(platform, first)):
        with pytest.raises(Conflict) as late:
            await call
        assert late.value.current_id == second.id
    assert await promoted(platform, first, (OTHER, 2)) == second


async def test_of_many_promotions_at_once_one_wins(platform: Resources, first: Deployment) -> None:
    calls = [promoted(platform, first, chosen) for chosen in [(OTHER, 2), (HEAD, 5), (HEAD, 1)]]
    results = await asyncio.gather(*calls, return_exceptions=True)
    winners = [one for one in results if isinstance(one, Deployment)]
    assert [type(one) for one in results if one not in winners] == [Conflict, Conflict]
    assert [one.id for one in await live_ones()] == [one.id for one in winners]
    states = [one.state for one in await Deployment.find({}).to_list()]
    assert sorted(states) == ["FAILED", "FAILED", "LIVE", "RETIRED"]


async def test_the_same_promotion_twice_at_once_is_one(
    platform: Resources, first: Deployment
) -> None:
    calls = [promoted(platform, first, (OTHER, 2)) for _ in range(3)]
    assert len({one.id for one in await asyncio.gather(*calls, return_exceptions=False)}) == 1


async def test_whoever_is_told_that_it_is_live_is_served_by_it(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    """Also who asked for the same a moment after another."""
    server.pinning_s = 0.3

    async def is_served() -> bool:
        return await is_applied(platform, await promoted(platform, first, (OTHER, 2)))

    assert await asyncio.gather(*(is_served() for _ in range(3))) == [True] * 3


async def test_a_version_that_cannot_be_loaded_leaves_the_live_one(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    server.broken.add((HEAD, 5))
    failed = await promoted(platform, first, (HEAD, 5))
    assert failed.state is DeploymentState.FAILED
    assert failed.failure is not None
    assert "/models" not in failed.failure
    assert (await service.get_live_deployment()).id == first.id
    assert await is_applied(platform, first)
    assert server.versions(HEAD) == {3}
    again = await promoted(platform, first, (OTHER, 2))
    assert again.state is DeploymentState.LIVE


async def test_a_version_that_answers_wrongly_leaves_the_live_one(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    server.lying.add((HEAD, 5))
    failed = await promoted(platform, first, (HEAD, 5))
    assert failed.state is DeploymentState.FAILED
    assert "says that it is 6" in (failed.failure or "")
    assert await is_applied(platform, first)


async def test_what_is_asked_for_is_looked_at_first(
    platform: Resources, repository: Path, first: Deployment
) -> None:
    publish(repository, {names.TRUNK: 2})
    publish(repository, {HEAD: 7}, trunk=2)
    for chosen, error in {
        (): InvalidInput,
        (("nobody", 1),): InvalidInput,
        ((HEAD, 3), (HEAD, 5)): InvalidInput,
        ((HEAD, 99),): NotFound,
        ((HEAD, -1),): NotFound,
        ((HEAD, 7),): Conflict,
        ((names.TRUNK, 2),): Conflict,
    }.items():
        with pytest.raises(error):
            await promoted(platform, first, *chosen)
    with pytest.raises(InvalidInput):
        await promoted(platform, first, (HEAD, 5), note="x" * 501)
    assert await Deployment.find({}).count() == 1


async def test_a_trunk_goes_live_with_its_heads(
    platform: Resources, repository: Path, first: Deployment
) -> None:
    publish(repository, dict.fromkeys(names.COMPONENTS, 8), trunk=8, input_size=224)
    second = await promoted(platform, first, *dict.fromkeys(names.COMPONENTS, 8).items())
    assert (second.input_size, set(second.versions.values())) == (224, {8})
    third = await rolled_back(platform, second)
    assert (third.input_size, third.versions) == (160, first.versions)


async def test_there_is_nothing_before_the_first(platform: Resources, first: Deployment) -> None:
    with pytest.raises(NotFound):
        await rolled_back(platform, first)
    with pytest.raises(NotFound):
        await rolled_back(platform, first, to_id="nobody")


async def test_going_back_to_what_never_was_live_or_is_gone(
    platform: Resources, repository: Path, server: RememberingServer, first: Deployment
) -> None:
    server.lying.add((HEAD, 5))
    failed = await promoted(platform, first, (HEAD, 5))
    with pytest.raises(Conflict):
        await rolled_back(platform, first, to_id=failed.id)
    second = await promoted(platform, first, (OTHER, 2))
    (repository / OTHER / "1" / names.MANIFEST_FILE).unlink()
    with pytest.raises(NotFound):
        await rolled_back(platform, second)
    assert (await service.get_live_deployment()).id == second.id


async def test_nothing_begins_while_triton_is_away(
    platform: Resources, server: RememberingServer, first: Deployment
) -> None:
    server.away = True
    with pytest.raises(Unavailable):
        await promoted(platform, first, (OTHER, 2))
    assert await Deployment.find({}).count() == 1


async def test_a_process_that_dies_while_preparing_is_made_up_for(
    platform: Resources, first: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "PREPARED_FOR_MS", -1)
    planned = service._planned(first, MINA, None)
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
    prepared = await deployments.insert_preparing(service._planned(first, MINA, None))
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


async def test_who_did_what_is_on_record(platform: Resources, first: Deployment) -> None:
    second = await promoted(platform, first, (OTHER, 2), note="better")
    third = await rolled_back(platform, second)
    events = await AuditEvent.find({}).sort("sort_key").to_list()
    assert [event.act for event in events] == [Act.PROMOTE_MODEL, Act.ROLL_BACK_DEPLOYMENT]
    assert [event.object_id for event in events] == [second.id, third.id]
    assert events[0].actor == MINA
    assert events[0].note == "better"
    assert events[0].before["versions"][OTHER] == 1
    assert events[0].after["versions"][OTHER] == 2
    assert events[0].after["went_live"] is True


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
