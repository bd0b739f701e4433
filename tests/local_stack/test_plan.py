"""Which parts a stack consists of, for one process of each kind and for several."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from api.heartbeat import beating
from api.local_stack.health import check_redis, check_worker
from api.local_stack.launches import Launch, launch_redis
from api.local_stack.plan import REDIS, STORE, StackPlan, StackShape, plan_stack
from api.local_stack.ports import free_ports
from api.local_stack.processes import KeptProcess
from tests.support.patience import HANGS_AFTER_S

_GIVEN = {
    "DUPI_MONGODB_URL": "mongodb://db.example/dupi",
    "DUPI_TRITON_URL": "triton.example:8001",
    "DUPI_ADVISOR_URL": "https://advisor.example/v1",
    "DUPI_SECRET": "a secret of the operator's own, long enough",
}
_SEVERAL = StackShape(webs=2, workers=2, has_redis=True)


def _planned(state: Path, shape: StackShape, **more: str) -> StackPlan:
    return plan_stack(_GIVEN | more, state=state, shape=shape)


def _environments(plan: StackPlan) -> dict[str, Mapping[str, str]]:
    """What each started part adds to its environment."""
    return {part.name: part.launch.environment for part in plan.parts if part.launch}


def test_one_process_serves_and_works_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    environments = _environments(_planned(tmp_path, StackShape()))
    assert list(environments) == ["web"]
    assert "DUPI_ANALYSES__CONCURRENCY" not in environments["web"]
    assert "DUPI_REDIS_URL" not in environments["web"]


def test_several_webs_serve_and_separate_workers_work(tmp_path: Path) -> None:
    plan = _planned(tmp_path, _SEVERAL, DUPI_ANALYSES__CONCURRENCY="3")
    environments = _environments(plan)
    assert list(environments) == ["redis", "web", "web-2", "worker-1", "worker-2"]
    webs = [environments["web"], environments["web-2"]]
    assert [web["DUPI_ANALYSES__CONCURRENCY"] for web in webs] == ["0", "0"]
    for name in ("worker-1", "worker-2"):
        assert environments[name]["DUPI_ANALYSES__CONCURRENCY"] == "3"


def test_each_web_has_a_port_of_its_own_and_all_share_the_rest(tmp_path: Path) -> None:
    plan = _planned(tmp_path, _SEVERAL)
    environments = _environments(plan)
    ports = {name: environments[name]["DUPI_PORT"] for name in ("web", "web-2")}
    assert len(set(ports.values())) == 2
    for name, port in ports.items():
        assert plan.endpoint(name) == f"http://127.0.0.1:{port}"
    for shared in ("DUPI_MONGODB_URL", "DUPI_SECRET", "DUPI_STORAGE_URL", "DUPI_REDIS_URL"):
        values = {environments[name][shared] for name in environments if name != "redis"}
        assert len(values) == 1


def test_each_worker_has_a_heartbeat_of_its_own(tmp_path: Path) -> None:
    environments = _environments(_planned(tmp_path, _SEVERAL))
    files = {environments[f"worker-{n}"]["DUPI_WORKER__HEARTBEAT_FILE"] for n in (1, 2)}
    assert len(files) == 2


def test_a_redis_that_is_given_is_used(tmp_path: Path) -> None:
    url = "redis://cache.example:6379/2"
    plan = _planned(tmp_path, _SEVERAL, DUPI_REDIS_URL=url)
    assert "redis" not in _environments(plan)
    assert plan.endpoint(REDIS) == url
    assert plan.environment["DUPI_REDIS_URL"] == url


def test_a_store_that_was_killed_leaves_no_pid_that_the_next_one_believes(
    tmp_path: Path,
) -> None:
    given = {name: value for name, value in _GIVEN.items() if name != "DUPI_MONGODB_URL"}
    [store] = [part for part in plan_stack(given, state=tmp_path).parts if part.name == STORE]
    assert store.launch
    file = tmp_path / "store" / "store.pid"
    file.write_text(str(os.getpid()))
    store.launch.forget_leftovers()
    assert not file.exists()


def test_leftovers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("region-1", "region-2", "other"):
        (tmp_path / name).touch()
    Launch(("true",), {}, tmp_path / "region-*").forget_leftovers()
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


async def test_a_worker_is_up_while_it_touches_its_heartbeat(tmp_path: Path) -> None:
    heartbeat = tmp_path / "worker.alive"
    assert not (await check_worker(heartbeat)).is_up
    async with beating(heartbeat):
        async with asyncio.timeout(HANGS_AFTER_S):
            while not (await check_worker(heartbeat)).is_up:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    heartbeat.write_text(str(time.monotonic() - 3600))
    assert not (await check_worker(heartbeat)).is_up


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncIterator[str]:
    """Where a Redis listens soon."""
    [port] = free_ports(1)
    launch = launch_redis(port)
    process = KeptProcess.start(
        "redis",
        launch.command,
        environment=launch.full_environment(),
        log=tmp_path / "redis.log",
    )
    yield f"redis://127.0.0.1:{port}/0"
    await process.stop()


async def test_redis_comes_up(redis_url: str) -> None:
    async with asyncio.timeout(HANGS_AFTER_S):
        while not (await check_redis(redis_url)).is_up:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_a_redis_that_is_away_is_not_up() -> None:
    assert not (await check_redis(f"redis://127.0.0.1:{free_ports(1)[0]}/0")).is_up
