"""The first deployment, and keeping Triton at it, on the real store."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pymongo.errors import AutoReconnect

from dupi.adapters.advisor import AdvisorIdentity
from dupi.clock import utc_now
from dupi.errors import NotFound, Unavailable
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.published import (
    MixedTrunks,
    Unreadable,
    all_published,
    newest_published,
    read_manifest,
)
from dupi.operations.readiness import readiness
from dupi.operations.reconciler import reconcile, reconcile_until
from dupi.operations.service import (
    deployment_of,
    ensure_first_deployment,
    get_live_deployment,
    is_applied,
    list_models,
)
from dupi.resources import Resources
from dupi.vision import contract as names
from dupi.vision.contract import Manifest
from tests.operations.deployments import a_deployment
from tests.operations.doubles import RememberingServer
from tests.operations.repository import publish


def test_the_highest_version_of_each_is_taken(repository: Path) -> None:
    versions = {name: m.version for name, m in newest_published(repository).items()}
    assert versions == dict.fromkeys(names.COMPONENTS, 1) | {names.HEADS[0]: 3}


def test_a_component_that_is_not_published_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=names.TRUNK):
        newest_published(tmp_path)


def test_heads_of_another_trunk_are_refused(repository: Path) -> None:
    publish(repository, {names.TRUNK: 2})
    with pytest.raises(MixedTrunks, match=names.HEADS[1]):
        newest_published(repository)


async def test_the_first_deployment_is_made_once_however_many_ask(platform: Resources) -> None:
    made = await asyncio.gather(*(ensure_first_deployment(platform) for _ in range(8)))
    assert len({deployment.id for deployment in made}) == 1
    assert await Deployment.find({}).count() == 1
    live = await get_live_deployment()
    assert live == made[0]
    assert live.versions[names.HEADS[0]] == 3
    assert (live.input_size, live.in_domain_from) == (160, 0.4)
    assert live.abstain_below(names.HEADS[2]) == 0.4


async def test_a_deployment_that_is_live_is_kept(platform: Resources) -> None:
    live = await a_deployment(number=5, version="9").insert()
    assert (await ensure_first_deployment(platform)).id == live.id


async def test_answers_are_judged_by_the_deployment_that_gave_them(platform: Resources) -> None:
    first = await ensure_first_deployment(platform)
    second = a_deployment(number=2).model_copy(update={"previous_id": first.id})
    await second.insert()
    assert (await deployment_of(second.versions)).id == second.id
    assert (await deployment_of(first.versions)).id == first.id
    third = a_deployment(number=3, version="7").model_copy(update={"previous_id": second.id})
    await third.insert()
    assert (await deployment_of(first.versions)).id == first.id, "a server was long at it"


async def test_answers_of_no_deployment_are_not_judged(platform: Resources) -> None:
    """Its thresholds are others', and one that never was live is none."""
    live = await ensure_first_deployment(platform)
    failed = a_deployment(number=2).model_copy(update={"state": DeploymentState.FAILED})
    await failed.insert()
    for versions in ({**live.versions, names.TRUNK: 99}, failed.versions):
        with pytest.raises(Unavailable):
            await deployment_of(versions)


def test_a_version_whose_day_cannot_be_read_is_left_out(repository: Path) -> None:
    """It must not take all the others down with it."""
    path = repository / names.HEADS[0] / "3" / names.MANIFEST_FILE
    path.write_text(path.read_text().replace("2026-01-01", "yesterday"))
    broken, whole = all_published(repository)[names.HEADS[0]]
    assert (type(broken), type(whole)) == (Unreadable, Manifest)
    assert (broken.version, whole.version) == (3, 1)
    with pytest.raises(NotFound):
        read_manifest(repository, names.HEADS[0], 3)


@pytest.mark.parametrize("text", ["{", "", '"3"', '{"model": "scalp_trunk"}', "\xff"])
async def test_a_version_whose_manifest_cannot_be_read_is_listed_as_failed(
    platform: Resources, repository: Path, text: str
) -> None:
    path = repository / names.HEADS[0] / "3" / names.MANIFEST_FILE
    path.write_bytes(text.encode("latin-1"))
    [head] = [one for one in await list_models(platform) if one.name == names.HEADS[0]]
    broken, whole = head.versions
    assert (broken.version, broken.state, whole.version) == ("3", "FAILED", "1")
    assert whole.failure is None
    assert (broken.failure or "").startswith("its manifest cannot be read: ")
    assert str(repository) not in (broken.failure or "")
    assert broken.published_at.tzinfo is not None


async def test_reconciling_loads_components_then_pins_the_ensemble(
    platform: Resources, server: RememberingServer
) -> None:
    assert await reconcile(platform)
    assert server.loads[-1] == names.ENSEMBLE
    assert set(server.loads[:-1]) == set(names.COMPONENTS)
    assert await is_applied(platform, await get_live_deployment())
    assert not await reconcile(platform)


async def test_the_deployment_before_stays_loaded(
    platform: Resources, server: RememberingServer
) -> None:
    first = await ensure_first_deployment(platform)
    second = a_deployment(number=2, version="4").model_copy(update={"previous_id": first.id})
    await second.insert()
    await reconcile(platform)
    assert await server.is_ready(names.HEADS[1], "1")
    assert await server.is_ready(names.HEADS[1], "4")
    assert (await server.pinned_versions(names.ENSEMBLE))[names.HEADS[1]] == 4


async def test_a_server_that_restarted_gets_the_deployment_again(
    platform: Resources, server: RememberingServer
) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(reconcile_until(platform, stop))
    for change in (server.restart, server.restart):
        change()
        async with asyncio.timeout(5):
            while names.ENSEMBLE not in server.loaded:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    stop.set()
    await task


class _StorelessAdvisor:
    """Asked for its version in the very moment in which the store goes away."""

    asked = 0

    endpoints = ("http://nowhere/v1",)

    def at(self, endpoint: str | None) -> "_StorelessAdvisor":
        return self

    async def identity(self) -> AdvisorIdentity:
        self.asked += 1
        raise AutoReconnect("the store went away")


async def test_a_store_that_goes_away_meanwhile_does_not_end_the_reconciling(
    platform: Resources,
) -> None:
    advisor = _StorelessAdvisor()
    stop = asyncio.Event()
    hurt = replace(platform, advisors=cast(Any, advisor))
    task = asyncio.create_task(reconcile_until(hurt, stop))
    async with asyncio.timeout(5):
        while advisor.asked < 2 and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    stop.set()
    await task
    assert advisor.asked >= 2


async def test_another_ensemble_than_ours_is_replaced(
    platform: Resources, server: RememberingServer
) -> None:
    await reconcile(platform)
    steps = server.loaded[names.ENSEMBLE]["ensemble_scheduling"]["step"]
    steps[1]["model_version"] = 99
    assert await reconcile(platform)
    assert not await reconcile(platform)


async def test_readiness_names_what_is_waited_for(
    platform: Resources, server: RememberingServer
) -> None:
    async def waiting() -> dict[str, tuple[str | None, str]]:
        found = await readiness(platform)
        return {part.name: (part.waits_for, part.cause or "") for part in found}

    code, cause = (await waiting())["classifiers"]
    assert code == "UNAVAILABLE"
    assert "no deployment" in cause
    await reconcile(platform)
    assert (await waiting())["classifiers"] == (None, "")
    server.restart()
    code, cause = (await waiting())["classifiers"]
    assert code == "DEPLOYMENT"
    assert "not at deployment 1" in cause
    server.away = True
    assert (await waiting())["classifiers"] == ("UNAVAILABLE", "away")
    assert (await waiting())["store"] == (None, "")
    code, cause = (await waiting())["advisor"]
    assert code == "UNAVAILABLE"
    assert "models" in cause


async def test_one_server_of_several_is_enough_and_the_others_are_named(
    platform: Resources, server: RememberingServer
) -> None:
    other = RememberingServer()
    fleet = replace(platform, model_servers=(server, other))
    await reconcile(platform)

    async def parts() -> dict[str, tuple[bool, str | None]]:
        found = await readiness(fleet)
        return {p.name: (p.required, p.waits_for) for p in found if "classifiers" in p.name}

    assert await parts() == {
        "classifiers": (True, None),
        "classifiers-1": (False, None),
        "classifiers-2": (False, "DEPLOYMENT"),
    }
    await reconcile(fleet)
    assert (await parts())["classifiers-2"] == (False, None)
    for one in (server, other):
        one.restart()
    assert (await parts())["classifiers"] == (True, "DEPLOYMENT")


async def test_the_moment_before_a_new_deployment_is_pinned_is_no_outage(
    platform: Resources,
) -> None:
    await reconcile(platform)
    first = await get_live_deployment()
    second = a_deployment(number=2).model_copy(update={"previous_id": first.id})
    await second.insert()
    parts = {part.name: part.waits_for for part in await readiness(platform)}
    assert parts["classifiers"] is None
    long_ago = utc_now() - timedelta(minutes=1)
    await Deployment.find({"_id": second.id}).update({"$set": {"live_at": long_ago}})
    parts = {part.name: part.waits_for for part in await readiness(platform)}
    assert parts["classifiers"] == "DEPLOYMENT"


async def test_readiness_never_raises(platform: Resources) -> None:
    class Broken(RememberingServer):
        async def is_ready(self, model: str, version: str = "") -> bool:
            raise RuntimeError("a fault of ours")

    await reconcile(platform)
    parts = await readiness(replace(platform, model_servers=(Broken(),)))
    assert {part.name: part.waits_for for part in parts}["classifiers"] == "FAULT"
