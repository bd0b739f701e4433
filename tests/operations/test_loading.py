"""Which versions are served is changed by one process at a time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dupi.errors import Unavailable
from dupi.operations import load_lease
from dupi.operations.load_lease import LoadLease, changing
from dupi.operations.loading import add_version
from dupi.operations.reconciler import reconcile
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.operations.doubles import RememberingServer
from tests.operations.repository import publish

HEAD = names.HEADS[1]


@pytest.fixture
async def slow(platform: Resources, repository: Path, server: RememberingServer) -> None:
    """Version 1 is live; loading takes its time, as it does."""
    await reconcile(platform)
    publish(repository, {HEAD: 2})
    publish(repository, {HEAD: 3})
    real = server.load

    async def slowly(model: str, config: Any = None) -> None:
        await asyncio.sleep(0.1)
        await real(model, config)

    server.load = slowly  # type: ignore[method-assign]


@pytest.mark.usefixtures("slow")
async def test_two_that_add_versions_of_one_model_drop_neither(
    platform: Resources, server: RememberingServer
) -> None:
    await asyncio.gather(*(add_version(platform, server, HEAD, version) for version in (2, 3)))
    assert server.versions(HEAD) == {1, 2, 3}


@pytest.mark.usefixtures("slow")
async def test_a_version_that_fails_lets_go_of_the_lease(
    platform: Resources, server: RememberingServer
) -> None:
    server.broken.add((HEAD, 2))
    with pytest.raises(Unavailable):
        await add_version(platform, server, HEAD, 2)
    async with asyncio.timeout(5):
        await add_version(platform, server, HEAD, 3)
    assert server.versions(HEAD) == {1, 3}


async def test_one_at_a_time(platform: Resources) -> None:
    at_once: list[int] = []
    inside = 0

    async def change() -> None:
        nonlocal inside
        async with changing(HEAD):
            inside += 1
            at_once.append(inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(change() for _ in range(6)))
    assert at_once == [1] * 6


async def test_a_holder_that_died_is_waited_for_until_its_lease_ends(
    platform: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_lease, "_LEASE_MS", 300)
    assert await load_lease._take(HEAD, "dead")
    assert not await load_lease._take(HEAD, "other")
    async with asyncio.timeout(5), changing(HEAD):
        found = await LoadLease.get(HEAD)
        assert found is not None
        assert found.holder != "dead"
