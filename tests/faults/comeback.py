"""``make up`` once more after everything was killed at once: it starts, and the data is there."""

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psutil

from api.local_stack.demo.client import Answer, ApiClient
from api.local_stack.demo.journey import SURVEY, Journey, sign_up_and_consent
from api.local_stack.demo.photos import EXAMPLES, example_photos
from api.local_stack.down import stop_running
from api.local_stack.launches import shared_memory_regions
from api.local_stack.paths import ROOT
from api.local_stack.ports import LOOPBACK, free_ports
from tests.faults.victims import kill_process, processes_of

MARK: Final = "DUPI_TEST_RUN"
_UP_SECONDS: Final = 600.0
_ENDED_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.2
_ANALYSIS_SECONDS: Final = 200.0
"""An analysis has 120 s, and the time in which nobody was there to write that they were over."""

Say = Callable[[str], None]


@dataclass
class Watcher:
    """Of a journey: only remembers."""

    steps: list[str] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def event(self, event: Answer) -> None:
        """Nobody follows here."""


class Launched:
    """``python -m api.local_stack.up`` as a process, with a state folder and a port of its own."""

    def __init__(self, state: Path, given: Mapping[str, str]) -> None:
        self.state = state
        self.mark = secrets.token_hex(8)
        self._port = free_ports(1)[0]
        self._given = given
        self._launcher: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Returns at once."""
        self.state.mkdir(parents=True, exist_ok=True)
        own = {MARK: self.mark, "DUPI_PORT": str(self._port)}
        with (self.state / "up.log").open("ab") as log:
            self._launcher = subprocess.Popen(
                [sys.executable, "-m", "api.local_stack.up", "--state", str(self.state)],
                cwd=ROOT,
                env={**os.environ, **self._given, **own},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    async def until_it_answers(self, path: str) -> None:
        """``/health/live``: web is there; ``/health/ready``: all it needs is. Raises TimeoutError,
        or RuntimeError where the launcher ended."""
        async with asyncio.timeout(_UP_SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while not await _is_ok(client, self.url + path):
                if self._launcher and self._launcher.poll() is not None:
                    raise RuntimeError((self.state / "up.log").read_text()[-2000:])
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def kill_everything(self) -> int:
        """kill -9 of every process of it, the launcher and the keepers first; how many."""
        killed = 0
        while found := self.processes():
            for process in sorted(found, key=lambda one: one.create_time()):
                killed += kill_process(process)
            self._reap()
        return killed

    def kill_launcher_and_keepers(self) -> None:
        """kill -9 of those who would end the others."""
        for process in self.processes():
            if any(name in _command(process) for name in ("local_stack.up", "keeper.py")):
                kill_process(process)
        self._reap()

    async def stop(self) -> None:
        """As ``make down`` does."""
        await asyncio.to_thread(stop_running, self.state)
        self._reap()

    def processes(self) -> list[psutil.Process]:
        """Everything of it that lives, whoever its parent is by now."""
        return [one for one in processes_of(self.state, MARK, self.mark) if lives(one)]

    async def left_behind(self) -> list[str]:
        """What is still there a while after the end: processes and shared memory."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDED_SECONDS):
                while self._left():  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return self._left()

    def _left(self) -> list[str]:
        running = [f"process {one.pid}: {_command(one)[:120]}" for one in self.processes()]
        pattern = shared_memory_regions(self.state)
        return running + [str(path) for path in pattern.parent.glob(pattern.name)]

    def _reap(self) -> None:
        if self._launcher:
            with suppress(subprocess.TimeoutExpired):
                self._launcher.wait(10)


@asynccontextmanager
async def launched(state: Path, given: Mapping[str, str] = {}) -> AsyncIterator[Launched]:
    """Whatever comes, nothing of it runs afterwards."""
    stack = Launched(state, given)
    try:
        yield stack
    finally:
        stack.kill_everything()


@dataclass
class Before:
    """What someone was told before the kill."""

    person: ApiClient
    photo_ids: set[str]
    analysis_ids: list[str]


async def use(url: str, *, analyses: int) -> Before:
    """Someone signs up, uploads a photo, and asks for so many analyses of it."""
    journey = Journey(ApiClient(url))
    await sign_up_and_consent(journey, Watcher())
    person, example = journey.client, example_photos()[0]
    photo = await person.upload(EXAMPLES / example["file"], example["site"])
    asked = [
        await person.mutate("RequestAnalysis", photoIds=[photo["id"]], survey=SURVEY)
        for _ in range(analyses)
    ]
    return Before(person, {photo["id"]}, [one["analysis"]["id"] for one in asked])


async def what_is_lost(before: Before) -> list[str]:
    """What is not there any more, and analyses that do not come to an end."""
    viewer = await before.person.query("Photos", first=50)
    found = {edge["node"]["id"] for edge in viewer["photos"]["edges"]}
    problems = [f"photo {lost} is lost" for lost in before.photo_ids - found]
    for identity in before.analysis_ids:
        try:
            async with asyncio.timeout(_ANALYSIS_SECONDS):
                events = [event async for event in before.person.follow(identity)]
        except TimeoutError:
            problems.append(f"analysis {identity} is not told to its end")
            continue
        numbers = [event["sequence"] for event in events]
        if numbers != list(range(1, len(numbers) + 1)):
            problems.append(f"analysis {identity} has events {numbers}")
        if not events or events[-1]["__typename"] != "AnalysisFinished":
            problems.append(f"analysis {identity} did not end")
    return problems


async def _is_ok(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url, timeout=10)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def lives(process: psutil.Process) -> bool:
    """And is no zombie."""
    with suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
