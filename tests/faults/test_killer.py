"""The killer kills what it is told to, at the stage it is told: with small programs as parts."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from api.local_stack.health import Health
from api.local_stack.launches import Launch
from api.local_stack.plan import STORE, PartPlan, StackPlan
from api.local_stack.stack import Stack
from tests.faults.killer import Killer, Order
from tests.faults.ledger import KnownAnalysis, Ledger, Stage
from tests.faults.victims import Target, Victim, find_victim, kill_process

# Says that it is up by a file, and lives.
_LIVES = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
_SLEEPS = "import time; time.sleep(600)"


class _WithoutIndexes(Stack):
    async def _make_indexes(self) -> None:
        """There is no database behind these."""


@asynccontextmanager
async def _watched(folder: Path) -> AsyncIterator[Stack]:
    """A stack whose only part is in the store's place."""
    file = folder / "up"

    async def check() -> Health:
        return Health(is_up=file.exists())

    launch = Launch((sys.executable, "-c", _LIVES, str(file)), {}, leftovers=file)
    part = PartPlan(STORE, "Store", "test://store", launch, check, 20, 1, 1)
    stack = _WithoutIndexes(StackPlan(folder, (part,), {}))
    await stack.start()
    watching = asyncio.create_task(stack.watch(lambda _: None))
    try:
        yield stack
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await stack.stop()


def _killer(stack: Stack, ledger: Ledger, *orders: Order) -> Killer:
    return Killer(stack, ledger, orders, random.Random(1))  # noqa: S311


async def test_a_part_is_killed_at_its_stage_and_seen_to_come_back(tmp_path: Path) -> None:
    ledger = Ledger(analyses={"a": KnownAnalysis("a", "mina", "key", (), stage=Stage.ADVISING)})
    async with _watched(tmp_path) as stack:
        first = stack.parts[STORE].process
        killer = _killer(stack, ledger, Order(Target.STORE, Stage.ADVISING))
        await killer.work(pause_seconds=0, say=lambda _: None)
        assert stack.parts[STORE].process is not first
    [kill] = killer.kills
    assert (kill.target, kill.stage, kill.victim) == (Target.STORE, Stage.ADVISING, STORE)
    assert kill.recovered_seconds
    assert killer.orders == []


async def test_a_stage_that_is_over_before_the_kill_is_waited_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.faults.killer._GIVE_UP_SECONDS", 0.5)
    known = KnownAnalysis("a", "mina", "key", (), stage=Stage.ADVISING)
    ledger, order = Ledger(analyses={"a": known}), Order(Target.STORE, Stage.ADVISING)

    def it_goes_on(*_: object) -> Victim | None:
        known.stage = Stage.FINISHING
        return find_victim(*_)  # type: ignore[arg-type]

    monkeypatch.setattr("tests.faults.killer.find_victim", it_goes_on)
    async with _watched(tmp_path) as stack:
        killer = _killer(stack, ledger, order)
        await killer.work(pause_seconds=0, say=lambda _: None)
        assert stack.parts[STORE].process.exit_status is None  # type: ignore[union-attr]
    assert killer.kills == []
    assert killer.orders == [order]


async def test_killing_nobody_is_no_kill(tmp_path: Path) -> None:
    async with _watched(tmp_path) as stack:
        victim = find_victim(stack, Target.STORE, random.Random(1))  # noqa: S311
        assert victim
        assert victim.kill()
        victim.process.wait(10)
        assert not victim.kill()


def test_who_is_dead_and_only_not_reaped_is_nobody() -> None:
    program = subprocess.Popen([sys.executable, "-c", _SLEEPS])
    process = psutil.Process(program.pid)
    assert kill_process(process)
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    assert not kill_process(process)
    program.wait()


async def test_what_nobody_meets_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.faults.killer._GIVE_UP_SECONDS", 0.5)
    unmet = Order(Target.STORE, Stage.CLASSIFYING)
    async with _watched(tmp_path) as stack:
        killer = _killer(stack, Ledger(uploading=1), unmet)
        await killer.work(pause_seconds=0, say=lambda _: None)
        assert stack.parts[STORE].process.exit_status is None  # type: ignore[union-attr]
    assert killer.kills == []
    assert killer.orders == [unmet]
