"""Parts come up, are watched over and stopped: with small programs in their places."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from api.local_stack.health import Health
from api.local_stack.launches import Launch
from api.local_stack.plan import STORE, WEB, PartPlan, StackPlan, plan_stack, without_credentials
from api.local_stack.progress import start_with_progress
from api.local_stack.stack import PartState, Stack, StackFailed
from tests.support.patience import HANGS_AFTER_S

# Writes its pid into a file, and lives.
_LIVES = (
    "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid()));"
    " time.sleep(600)"
)
# Has a child in a session of its own, whose pid it writes.
_HAS_A_CHILD = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                         start_new_session=True)
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(600)
"""
_TELLS_ITS_END = """
import os, pathlib, signal, sys
file = pathlib.Path(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
file.write_text(str(os.getpid()))
signal.sigwait({signal.SIGTERM})
with file.with_name("order").open("a") as order:
    order.write(file.name + "\\n")
"""
_DIES = "import sys; sys.exit('no such model')"


def _part(name: str, folder: Path, *, code: str = _LIVES, start_seconds: float = 20) -> PartPlan:
    file = folder / name

    async def check() -> Health:
        return Health(is_up=file.exists(), detail="writing its pid")

    launch = Launch((sys.executable, "-c", code, str(file)), {})
    return PartPlan(name, f"Part {name}", f"test://{name}", launch, check, start_seconds, 1, 1)


def _stack(folder: Path, *parts: PartPlan) -> Stack:
    return _WithoutIndexes(StackPlan(folder, parts, {}))


class _WithoutIndexes(Stack):
    async def _make_indexes(self) -> None:
        """There is no database behind these."""


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    names = (STORE, "triton", WEB)
    stack = _stack(tmp_path, *(_part(name, tmp_path) for name in names))
    yield stack
    await stack.stop()


def _pid(folder: Path, name: str) -> int:
    return int((folder / name).read_text())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_all_parts_come_up_and_all_are_stopped(stack: Stack, tmp_path: Path) -> None:
    await stack.start()
    pids = [_pid(tmp_path, name) for name in stack.parts]
    assert all(part.state is PartState.UP for part in stack.parts.values())
    await stack.stop()
    assert not any(_is_alive(pid) for pid in pids)


async def test_webs_and_workers_stop_first_and_the_store_last(tmp_path: Path) -> None:
    order = tmp_path / "order"
    shape = (("worker-1", True), (STORE, False), (WEB, True), ("triton", False), ("web-2", True))
    parts = [
        replace(_part(name, tmp_path, code=_TELLS_ITS_END), uses_others=uses_others)
        for name, uses_others in shape
    ]
    stack = _stack(tmp_path, *parts)
    await stack.start()
    await stack.stop()
    ended = order.read_text().split()
    assert set(ended[:3]) == {"worker-1", WEB, "web-2"}
    assert ended[3:] == ["triton", STORE]


async def test_a_part_that_dies_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    stack = _stack(
        tmp_path,
        _part(STORE, tmp_path),
        _part("triton", tmp_path, code=_DIES),
        _part(WEB, tmp_path),
    )
    with pytest.raises(StackFailed) as failed:
        await stack.start()
    await stack.stop()
    assert "Part triton ended with status 1" in str(failed.value)
    assert "no such model" in str(failed.value)
    assert not _is_alive(_pid(tmp_path, STORE))


async def test_a_part_that_hangs_is_named_after_its_deadline(tmp_path: Path) -> None:
    silent = _part(STORE, tmp_path, code="import time; time.sleep(600)", start_seconds=0.6)
    stack = _stack(tmp_path, silent, _part(WEB, tmp_path))
    with pytest.raises(StackFailed, match=r"not up within 1 s \(writing its pid\)"):
        await stack.start()
    await stack.stop()


async def test_a_part_that_crashes_is_started_again(stack: Stack, tmp_path: Path) -> None:
    await stack.start()
    said: list[str] = []
    watching = asyncio.create_task(stack.watch(said.append))
    first = _pid(tmp_path, "triton")
    (tmp_path / "triton").unlink()
    os.kill(first, 9)
    async with asyncio.timeout(HANGS_AFTER_S):
        while "Part triton is up again." not in said:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert _pid(tmp_path, "triton") != first
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_what_outlived_a_killed_stack_is_ended_by_the_next(tmp_path: Path) -> None:
    first = _stack(tmp_path, _part(STORE, tmp_path, code=_HAS_A_CHILD))
    await first.start()
    process = first.parts[STORE].process
    assert process
    child = _pid(tmp_path, STORE)
    os.kill(process.keeper_pid, signal.SIGKILL)
    await first.stop()
    assert _is_alive(child)
    (tmp_path / STORE).unlink()
    second = _stack(tmp_path, _part(STORE, tmp_path))
    await second.start()
    await second.stop()
    async with asyncio.timeout(HANGS_AFTER_S):
        while _is_alive(child):  # noqa: ASYNC110 until it is reaped
            await asyncio.sleep(0.05)


async def test_progress_without_a_terminal_is_a_line_a_part(stack: Stack) -> None:
    output = StringIO()
    await start_with_progress(stack, Console(file=output, width=100))
    lines = output.getvalue().splitlines()
    assert lines[0] == "  Part store: starting"
    assert sum("up after" in line for line in lines) == 3


async def test_progress_on_a_terminal_shows_where_each_part_is(stack: Stack) -> None:
    output = StringIO()
    await start_with_progress(stack, Console(file=output, width=120, force_terminal=True))
    assert "Part triton" in output.getvalue()
    assert "test://web" in output.getvalue()


def test_what_is_given_is_used_and_not_started(tmp_path: Path) -> None:
    given = {
        "DUPI_MONGODB_URL": "mongodb://me:secret@db.example/dupi",
        "DUPI_TRITON_URL": "triton.example:8001",
        "DUPI_ADVISOR_URL": "https://advisor.example/v1",
        "DUPI_SECRET": "a secret of the operator's own, long enough",
    }
    plan = plan_stack(given, state=tmp_path, web_port=8123)
    launched = [part.name for part in plan.parts if part.launch]
    assert launched == [WEB]
    assert given.items() <= plan.environment.items()
    assert "DUPI_ADVISOR_API_KEY" not in plan.environment
    assert plan.environment["DUPI_PORT"] == "8123"
    assert plan.endpoint(WEB) == "http://127.0.0.1:8123"


def test_a_shown_endpoint_has_no_password() -> None:
    shown = without_credentials("mongodb://me:secret@db.example/dupi")
    assert shown == "mongodb://db.example/dupi"
    assert without_credentials("127.0.0.1:8001") == "127.0.0.1:8001"


async def test_a_given_store_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    given = {"DUPI_MONGODB_URL": "mongodb://me:hushhush@127.0.0.1:9/dupi"}
    stack = Stack(plan_stack(given, state=tmp_path, web_port=8123))
    failure = stack._failure(stack.parts[STORE], "does not answer")
    assert "127.0.0.1:9" in str(failure)
    assert "hushhush" not in str(failure)
