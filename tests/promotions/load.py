"""A running load of classifications, and whether its answers fit the deployments of their time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dupi.adapters.triton import Classification

Ask = Callable[[], Awaitable[Classification]]
Versions = Mapping[str, int]


@dataclass(frozen=True)
class Answer:
    """One classification: when it was asked for and answered (monotonic seconds), by whom."""

    asked: float
    answered: float
    versions: Versions
    probabilities: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Change:
    """A deployment went live: asked for at ``asked``, pinned everywhere at ``done``."""

    asked: float
    done: float
    versions: Versions


@dataclass
class Log:
    answers: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def problems(self) -> list[str]:
        """What is wrong: failures; answers by versions that were not live in their time; one
        version that answers the same photo in two ways."""
        wrong = [one for one in self.answers if one.versions not in self._live_during(one)]
        return [
            *self.failures,
            *(f"answered by {one.versions}, which was not live" for one in wrong),
            *self._inconsistent(),
        ]

    def seen(self) -> list[Versions]:
        """The sets of versions that answered, in the order of their first answers."""
        found: list[Versions] = []
        for one in sorted(self.answers, key=lambda answer: answer.answered):
            if one.versions not in found:
                found.append(one.versions)
        return found

    def _live_during(self, answer: Answer) -> Sequence[Versions]:
        """Of all changes, the last that was done before it was asked, and those under way since."""
        done = [change for change in self.changes if change.done <= answer.asked]
        since = [
            change
            for change in self.changes
            if change.asked <= answer.answered and change.done > answer.asked
        ]
        return [change.versions for change in (*done[-1:], *since)]

    def _inconsistent(self) -> list[str]:
        said: dict[tuple[str, int, int], tuple[float, ...]] = {}
        problems = []
        for answer in self.answers:
            trunk = answer.versions["scalp_trunk"]
            for model, probabilities in answer.probabilities.items():
                key = (model, answer.versions[model], trunk)
                known = said.setdefault(key, probabilities)
                if max(abs(a - b) for a, b in zip(known, probabilities, strict=True)) > 1e-3:
                    problems.append(f"{key} answers in two ways")
        return problems


@asynccontextmanager
async def running_load(log: Log, ask: Ask, *, at_once: int) -> AsyncIterator[None]:
    """``ask`` again and again, ``at_once`` of them at any time, while the body runs."""
    stop = asyncio.Event()
    askers = [asyncio.create_task(_ask_until(stop, log, ask)) for _ in range(at_once)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*askers)


async def _ask_until(stop: asyncio.Event, log: Log, ask: Ask) -> None:
    while not stop.is_set():
        asked = time.monotonic()
        try:
            said = await ask()
        except Exception as failure:
            log.failures.append(repr(failure))
            await asyncio.sleep(0.05)
            continue
        probabilities = {one.model: one.probabilities for one in said.gradings.values()}
        log.answers.append(Answer(asked, time.monotonic(), said.versions, probabilities))


async def until_answers(log: Log, versions: Versions, count: int, *, within_s: float) -> None:
    """Until so many were answered by just these versions. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while sum(one.versions == versions for one in log.answers) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
