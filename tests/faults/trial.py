"""People at work on a running stack, a killer among them, and the reckoning afterwards."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from api.local_stack.plan import STORE
from api.local_stack.stack import Stack
from tests.faults.invariants import broken_invariants
from tests.faults.killer import Killer, make_orders
from tests.faults.ledger import Ledger
from tests.faults.people import Person
from tests.faults.readback import broken_promises
from tests.faults.report import KillReport, outcomes_of
from tests.faults.snapshot import take_snapshot
from tests.faults.victims import Target, is_up

LONGEST_REQUEST_SECONDS: Final = 45.0
"""A request ends within 30 s (``DUPI_API__REQUEST_TIMEOUT_SECONDS``), on a busy machine too."""
LONGEST_ANALYSIS_SECONDS: Final = 200.0
"""Its deadline of 120 s, and the time in which neither worker nor store was there to write it."""
_LAST_JOURNEYS_SECONDS: Final = 420.0
_PARTS_SECONDS: Final = 600.0
_SWEEPS_SECONDS: Final = 150.0
_LOOK_EVERY_SECONDS: Final = 2.0

Say = Callable[[str], None]


class Trial:
    """One run on ``stack``, whose webs are at ``webs`` and whose photos lie in ``folder``.
    ``is_watched``: somebody starts again what ends; otherwise this does."""

    def __init__(  # noqa: PLR0913
        self,
        stack: Stack,
        *,
        webs: tuple[str, ...],
        folder: Path,
        seed: int,
        say: Say,
        is_watched: bool = False,
    ) -> None:
        self._stack = stack
        self._webs = webs
        self._folder = folder
        self._seed = seed
        self._say = say
        self._is_watched = is_watched
        self._stop = asyncio.Event()
        self.ledger = Ledger()
        self.report = KillReport(seed)

    async def run(
        self, mix: Mapping[Target, int], *, people: int, pause_seconds: float
    ) -> KillReport:
        """Kill so many of each target while ``people`` are at work; then see what holds. What
        breaks the run itself is a problem like any other, so that there is always a report."""
        dice = random.Random(self._seed)  # noqa: S311 to be repeatable
        killer = Killer(self._stack, self.ledger, make_orders(mix, dice), dice)
        started = time.monotonic()
        watching = asyncio.create_task(self._watch())
        crowd = [
            asyncio.create_task(self._live(f"person {n}"), name=f"person {n}")
            for n in range(people)
        ]
        try:
            await killer.work(pause_seconds=pause_seconds, say=self._say)
            self.report.seconds = time.monotonic() - started
            await self._reckon(crowd)
        except Exception as trouble:
            self.report.problems.append(f"the run broke off: {trouble!r}")
        finally:
            for task in (watching, *crowd):
                task.cancel()
            await asyncio.gather(watching, *crowd, return_exceptions=True)
        self._sum_up(killer)
        return self.report

    async def _watch(self) -> None:
        if not self._is_watched:
            await self._stack.watch(self._say_briefly)

    async def _reckon(self, crowd: Collection[asyncio.Task[None]]) -> None:
        self._say("no more kills: everybody ends what they are at")
        self._stop.set()
        self.report.problems += await who_does_not_end(crowd, self.ledger, _LAST_JOURNEYS_SECONDS)
        await self._until_all_parts_are_up()
        await self._settle()
        self.report.problems += await broken_promises(self._webs[0], self.ledger)

    def _say_briefly(self, text: str) -> None:
        """Without the end of a log."""
        self._say(text.partition("\n")[0])

    async def _live(self, name: str) -> None:
        """A person who is refused what nobody may be refused is a problem; another one comes."""
        while not self._stop.is_set():
            person = Person(name, self._webs, self.ledger, seed=self._seed, stop=self._stop)
            try:
                await person.live()
            except Exception as trouble:
                self.report.problems += [f"{name}: {one!r}" for one in _single(trouble)]
                self._say(self.report.problems[-1])
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _until_all_parts_are_up(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PARTS_SECONDS):
                while away := self._away():  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY_SECONDS)
        self.report.problems += [f"{name} did not come back" for name in away]

    def _away(self) -> list[str]:
        parts = self._stack.parts.values()
        return [part.plan.title for part in parts if part.plan.launch and not is_up(part)]

    async def _settle(self) -> None:
        """Sweeps finish what calls cut off have left: within a while, everything must hold."""
        end = time.monotonic() + _SWEEPS_SECONDS
        while True:
            stored = await take_snapshot(
                self._stack.plan.endpoint(STORE), self._folder, self.ledger.tokens.keys()
            )
            self.report.outcomes = outcomes_of(self.ledger, stored)
            broken = broken_invariants(self.ledger, stored)
            if not broken or time.monotonic() > end:
                self.report.problems += broken
                return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _sum_up(self, killer: Killer) -> None:
        report, ledger = self.report, self.ledger
        report.kills = killer.kills
        report.photos = len(ledger.photos)
        report.calls, report.disturbed = ledger.calls, ledger.disturbed
        report.retries = sum(known.retries for known in ledger.analyses.values())
        report.longest_request = (ledger.longest_request, ledger.longest_request_seconds)
        report.longest_analysis_seconds = max(
            (known.longest_seconds for known in ledger.analyses.values()), default=0.0
        )
        report.problems += ledger.problems + _too_long(report)
        report.problems += [
            f"nobody met {order.target} while {order.stage}" for order in killer.orders
        ]
        report.problems += [
            f"{kill.target} ({kill.victim}) did not come back"
            for kill in killer.kills
            if kill.recovered_seconds is None
        ]


async def who_does_not_end(
    crowd: Collection[asyncio.Task[None]], ledger: Ledger, within_seconds: float
) -> list[str]:
    """Whoever is at something still after that time, whatever it is, and the analyses that nobody
    was told the end of."""
    _, late = await asyncio.wait(crowd, timeout=within_seconds) if crowd else (set(), set())
    problems = [f"{task.get_name()} did not end" for task in late]
    problems += [
        f"analysis {known.id} hangs for its follower: {known.stage}, "
        f"{known.last_sequence} events, deletion: {known.deletion}"
        for known in (ledger.unfinished() if late else ())
    ]
    return problems


def _single(trouble: Exception) -> Iterator[Exception]:
    """What a group of exceptions consists of."""
    if isinstance(trouble, ExceptionGroup):
        for one in trouble.exceptions:
            yield from _single(one)
    else:
        yield trouble


def _too_long(report: KillReport) -> list[str]:
    problems = []
    what, seconds = report.longest_request
    if seconds > LONGEST_REQUEST_SECONDS:
        problems.append(f"{what} took {seconds:.0f} s")
    if report.longest_analysis_seconds > LONGEST_ANALYSIS_SECONDS:
        problems.append(f"an analysis took {report.longest_analysis_seconds:.0f} s")
    return problems
