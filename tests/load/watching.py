"""Looks at the stack while it is under load: memory by part, and whether it still says it lives."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import httpx
import psutil

from api.local_stack.stack import Part, Stack
from dupi.concurrency import wait_until

_EVERY_SECONDS: Final = 2.0
_HEALTH_WITHIN_SECONDS: Final = 5.0
_MEBI: Final = 2**20


@dataclass
class Sightings:
    """``memory``: (seconds since the start, resident MiB) by part, its children with it.

    ``files``: open file descriptors by part before and after.
    """

    memory: defaultdict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    health_seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@asynccontextmanager
async def watched(stack: Stack, web: str) -> AsyncIterator[Sightings]:
    """Look every two seconds inside."""
    seen, stop, began = Sightings(), asyncio.Event(), time.monotonic()
    before = {part.plan.name: _files(part) for part in stack.parts.values()}

    async def watch(http: httpx.AsyncClient) -> None:
        while not await wait_until(stop, at_most=_EVERY_SECONDS):
            for part in stack.parts.values():
                if processes := list(_processes(part)):
                    now = time.monotonic() - began
                    seen.memory[part.plan.name].append((now, sum(map(_mebibytes, processes))))
            await _look_at_health(http, seen)

    async with httpx.AsyncClient(base_url=web, trust_env=False) as http:
        watcher = asyncio.create_task(watch(http))
        try:
            yield seen
        finally:
            stop.set()
            await watcher
    for part in stack.parts.values():
        seen.files[part.plan.name] = (before[part.plan.name], _files(part))


async def _look_at_health(http: httpx.AsyncClient, seen: Sightings) -> None:
    began = time.monotonic()
    try:
        answer = await http.get("/health/live", timeout=_HEALTH_WITHIN_SECONDS)
    except httpx.HTTPError as silent:
        seen.problems.append(f"/health/live: {type(silent).__name__}")
        return
    seen.health_seconds.append(time.monotonic() - began)
    if answer.status_code != httpx.codes.OK:
        seen.problems.append(f"/health/live: {answer.status_code}")


def _processes(part: Part) -> Iterator[psutil.Process]:
    for pid in part.process.program_pids() if part.process else ():
        with suppress(psutil.NoSuchProcess):
            program = psutil.Process(pid)
            yield program
            yield from program.children(recursive=True)


def _mebibytes(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        return float(process.memory_info().rss) / _MEBI
    return 0.0


def _files(part: Part) -> int:
    with suppress(psutil.NoSuchProcess):
        return sum(process.num_fds() for process in _processes(part))
    return 0
