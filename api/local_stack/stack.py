"""Starts the parts of a stack in their order, watches over them, and stops them all.

The store comes first and gets its indexes; then all others start side by side, for they are slow
and wait for each other by themselves.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from api.local_stack.health import Health
from api.local_stack.launches import Launch
from api.local_stack.plan import STORE, PartPlan, StackPlan, without_credentials
from api.local_stack.processes import KeptProcess, end_orphans

_CHECK_EVERY_SECONDS: Final = 0.5
_WATCH_EVERY_SECONDS: Final = 1.0
_INDEXES_SECONDS: Final = 60.0
_MAX_BACKOFF_SECONDS: Final = 30.0


class StackFailed(Exception):
    """A part did not come up; says which, why, and where its log is."""


class PartState(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    UP = "up"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass
class Part:
    """One part as it runs."""

    plan: PartPlan
    state: PartState = PartState.WAITING
    health: Health = field(default_factory=lambda: Health(is_up=False))
    process: KeptProcess | None = None
    started: float = 0.0
    took_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it has been starting, or how long that took."""
        is_starting = self.state is PartState.STARTING
        return time.monotonic() - self.started if is_starting else self.took_seconds


class Stack:
    """All parts of one plan. :meth:`start` once; :meth:`stop` always."""

    def __init__(self, plan: StackPlan) -> None:
        self.plan = plan
        self.parts = {part.name: Part(part) for part in plan.parts}

    async def start(self) -> None:
        """Return once every part is up; what a killed stack left behind here is ended first.
        Raises :class:`StackFailed`."""
        await end_orphans([self._log(part.plan).resolve() for part in self.parts.values()])
        await self.start_part(STORE)
        await self._make_indexes()
        rest = [asyncio.create_task(self.start_part(name)) for name in self.parts if name != STORE]
        try:
            await asyncio.gather(*rest)
        finally:
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

    async def start_part(self, name: str) -> None:
        """Start one part and wait until it is up. Raises :class:`StackFailed`."""
        part = self.parts[name]
        if part.process:
            await part.process.stop()
        part.state, part.started = PartState.STARTING, time.monotonic()
        if part.plan.launch:
            part.process = self._launch(part.plan, part.plan.launch)
        try:
            await asyncio.wait_for(self._wait_until_up(part), part.plan.start_seconds)
        except TimeoutError:
            raise self._failure(
                part, f"was not up within {part.plan.start_seconds:.0f} s"
            ) from None
        part.took_seconds = time.monotonic() - part.started
        part.state = PartState.UP

    async def stop_part(self, name: str) -> None:
        """Stop one part; what is only given is left alone."""
        part = self.parts[name]
        part.state = PartState.STOPPED
        if part.process:
            await part.process.stop()
            part.process = None
        if part.plan.launch:
            part.plan.launch.forget_leftovers()

    async def stop(self) -> None:
        """Webs and workers first, so that they can finish what they are at; the store last."""
        users = {name for name, part in self.parts.items() if part.plan.uses_others}
        for names in (users, self.parts.keys() - users - {STORE}, {STORE}):
            await asyncio.gather(*(self.stop_part(name) for name in names))

    async def watch(self, say: Callable[[str], None]) -> None:
        """Start again whatever ends by itself; never returns."""
        await asyncio.gather(*(self._watch_part(part, say) for part in self.parts.values()))

    async def _watch_part(self, part: Part, say: Callable[[str], None]) -> None:
        backoff = 1.0
        while True:
            await asyncio.sleep(_WATCH_EVERY_SECONDS)
            if part.state is PartState.STOPPED or not part.process:
                continue
            if part.process.exit_status is None:
                await self._mend(part, say)
                continue
            say(f"{part.plan.title} ended ({part.process.exit_status}); starting it again.")
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _MAX_BACKOFF_SECONDS)
            try:
                await self.start_part(part.plan.name)
                say(f"{part.plan.title} is up again.")
                backoff = 1.0
            except StackFailed as problem:
                say(str(problem))

    async def _mend(self, part: Part, say: Callable[[str], None]) -> None:
        if part.plan.mend and part.process and part.state is PartState.UP:
            for pid in part.process.program_pids():
                for name in await part.plan.mend(pid):
                    say(f"{part.plan.title}: {name} died; it is loaded again.")

    def _launch(self, plan: PartPlan, launch: Launch) -> KeptProcess:
        launch.forget_leftovers()
        return KeptProcess.start(
            plan.name,
            launch.command,
            environment=launch.full_environment(),
            log=self._log(plan),
            grace_seconds=plan.grace_seconds,
        )

    def _log(self, plan: PartPlan) -> Path:
        return self.plan.logs / f"{plan.name}.log"

    async def _wait_until_up(self, part: Part) -> None:
        while True:
            part.health = await part.plan.check()
            if part.health.is_up:
                return
            if part.process and part.process.exit_status is not None:
                raise self._failure(part, f"ended with status {part.process.exit_status}")
            await asyncio.sleep(_CHECK_EVERY_SECONDS)

    async def _make_indexes(self) -> None:
        launch = Launch((sys.executable, "-m", "dupi.store", "indexes"), self.plan.environment)
        process = KeptProcess.start(
            "indexes",
            launch.command,
            environment=launch.full_environment(),
            log=self.plan.logs / "indexes.log",
        )
        status = await process.wait(_INDEXES_SECONDS)
        await process.stop()
        if status != 0:
            raise StackFailed(f"The indexes could not be made:\n{process.log_tail()}")

    def _failure(self, part: Part, what: str) -> StackFailed:
        part.state = PartState.FAILED
        if not part.process:
            where = without_credentials(part.plan.endpoint)
            return StackFailed(f"{part.plan.title} at {where} (given) {what}.")
        tail = "\n    ".join(part.process.log_tail().splitlines())
        detail = f" ({part.health.detail})" if part.health.detail else ""
        return StackFailed(
            f"{part.plan.title} {what}{detail}. {part.process.log} ends with:\n    {tail}"
        )


@asynccontextmanager
async def running_stack(stack: Stack) -> AsyncIterator[Stack]:
    """Start ``stack``, and stop all of it at the end, however that comes."""
    try:
        await stack.start()
        yield stack
    finally:
        await asyncio.shield(stack.stop())
