"""Promoting and rolling back: one winner, nothing lost, and always one that is live."""

import asyncio
from pathlib import Path

import pytest

from dupi.errors import Conflict, InvalidInput, NotFound, Unavailable
from dupi.operations import service
from dupi.operations.applying import is_applied
from dupi.operations.audit import Act, AuditEvent
from dupi.operations.models import Deployment, DeploymentState
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.operations.doubles import RememberingServer
from tests.operations.promotions import HEAD, MINA, OTHER, live_ones, promoted, rolled_back
from tests.operations.repository import publish


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
