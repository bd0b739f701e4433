"""Which versions are served is changed by one process at a time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dupi.errors import Unavailable
from dupi.operations import load_lease
from dupi.operations.load_lease import LoadLease, changing
from dupi.operations.loading import add_version, load_versions
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


@pytest.mark.usefixtures("slow")
async def test_whoever_leaves_keeps_the_lease_until_triton_has_loaded(
    platform: Resources, server: RememberingServer
) -> None:
    """Else the next would load beside it, and drop what it does not know of."""
    real, loading = server.load, asyncio.Event()

    async def seen(model: str, config: Any = None) -> None:
        loading.set()
        await real(model, config)

    server.load = seen  # type: ignore[method-assign]
    leaving = asyncio.create_task(add_version(platform, server, HEAD, 2))
    await loading.wait()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await add_version(platform, server, HEAD, 3)
    assert server.versions(HEAD) == {1, 2, 3}


@pytest.mark.usefixtures("slow")
async def test_who_has_lost_the_lease_loads_no_more(
    platform: Resources, server: RememberingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped for a while: another took it for dead."""
    monkeypatch.setattr(load_lease, "_LEASE_MS", -1)
    async with changing(HEAD) as lease:
        await lease.refuse_if_lost()
        assert await load_lease._take(HEAD, "other")
        before = list(server.loads)
        with pytest.raises(Unavailable):
            await load_versions(platform, server, lease, {1, 2})
        assert server.loads == before
    found = await LoadLease.get(HEAD)
    assert found is not None
    assert found.holder == "other"


async def test_who_waits_for_a_lease_gives_up_some_time(
    platform: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_lease, "_LONGEST_WAIT_S", 0.0)
    async with changing(HEAD):
        with pytest.raises(Unavailable):
            async with changing(HEAD):
                pytest.fail("two hold it")
