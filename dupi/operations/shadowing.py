"""Letting candidates see what live heads see: beside an analysis, never in its way.

The pipeline asks ``sample`` whether a photo's features are wanted, and hands over what the live
heads said by ``offer``, which never waits: where the queue is full, the sample is dropped and
counted. One task asks the candidates, with a deadline of its own, and writes what it came to every
few seconds.
"""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pymongo.errors import PyMongoError

from dupi.adapters.triton_answers import Classification, Features, RequestRefused
from dupi.concurrency import not_cut_off, wait_until
from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import Condition
from dupi.logs import get_logger
from dupi.metrics import SHADOWED
from dupi.operations.models import Shadow
from dupi.operations.shadows import Tally, add_up, list_active
from dupi.vision.contract import HEADS

if TYPE_CHECKING:
    from dupi.resources import Resources

_MAX_WAITING: Final = 64
"""Samples of 184 KiB each."""
_ASK_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 2.0
"""For shadows that began or ended, and to write what was compared."""
_CONDITION_OF: Final = dict(zip(HEADS, Condition, strict=True))

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Sample:
    shadow: Shadow
    live: tuple[float, ...]
    features: Features


class Shadowing:
    """Of one process. Without a worker that runs ``run_until`` nothing is ever sampled."""

    def __init__(self) -> None:
        self._active: tuple[Shadow, ...] = ()
        self._waiting: deque[_Sample] = deque()
        self._arrived = asyncio.Event()
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)

    def sample(self) -> tuple[Shadow, ...]:
        """Shadows that want to see the next photo."""
        return tuple(
            shadow
            for shadow in self._active
            if random.random() < shadow.sample_rate  # noqa: S311
        )

    def offer(self, shadows: Sequence[Shadow], said: Classification) -> None:
        """Let ``shadows`` see the photo, some time. Never waits, never raises."""
        if said.features is None:
            return
        for shadow in shadows:
            live = said.gradings[_CONDITION_OF[shadow.model]]
            if live.version != shadow.live_version:  # replaced just now
                continue
            if len(self._waiting) >= _MAX_WAITING:
                _count(shadow, "dropped")
                continue
            self._waiting.append(_Sample(shadow, live.probabilities, said.features))
            self._arrived.set()

    async def run_until(self, resources: "Resources", stop: asyncio.Event) -> None:
        """Ask, compare and write until ``stop`` is set; then write what is left."""
        asking = asyncio.create_task(self._ask_on(resources))
        try:
            while not stop.is_set():
                await self._look_and_write()
                await wait_until(stop, at_most=_LOOK_EVERY_S)
        finally:
            self._active = ()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await self.write()

    async def _look_and_write(self) -> None:
        try:
            await self.write()
            self._active = tuple(await list_active())
        except PyMongoError as away:
            log.warning("shadows_not_read", error=str(away))
        except Exception:
            log.exception("shadows_failed")

    async def write(self) -> None:
        """Add what was compared since the last time to the store; what fails stays for the next."""
        for shadow_id in list(self._tallies):
            tally = self._tallies.pop(shadow_id)
            try:
                await not_cut_off(add_up(shadow_id, tally))
            except PyMongoError as away:
                log.warning("shadow_not_written", error=str(away))
                self._tallies[shadow_id].merge(tally)

    async def _ask_on(self, resources: "Resources") -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._ask(resources, self._waiting.popleft())

    async def _ask(self, resources: "Resources", sample: _Sample) -> None:
        shadow = sample.shadow
        try:
            said = await resources.classifier.grade(
                shadow.model, shadow.version, sample.features, timeout=_ASK_WITHIN_S
            )
        except (Unavailable, RequestRefused):
            _count(shadow, "failed")
        except Exception:
            log.exception("shadow_failed", model=shadow.model, version=shadow.version)
            _count(shadow, "failed")
        else:
            agree = self._tallies[shadow.id].add(sample.live, said.probabilities)
            _count(shadow, "agreed" if agree else "disagreed")


def _count(shadow: Shadow, outcome: str) -> None:
    SHADOWED.labels(model=shadow.model, version=shadow.version, outcome=outcome).inc()
