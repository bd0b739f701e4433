"""Kills one process after another, each while somebody's work is at a chosen stage."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Any, Final

from api.local_stack.stack import Stack
from tests.faults.ledger import Ledger, Stage
from tests.faults.victims import Target, Victim, find_victim, part_of

STAGES: Final = tuple(stage for stage in Stage if stage is not Stage.ENDED)
_LOOK_EVERY_SECONDS: Final = 0.02
_LATER_SECONDS: Final = 0.3
"""A kill comes at a random moment within this time after its stage was seen."""
_WATCH_SECONDS: Final = 0.1
_RECOVERY_SECONDS: Final = 600.0
_GIVE_UP_SECONDS: Final = 600.0
_REST_SECONDS: Final[Mapping[Target, float]] = {
    Target.TRITON: 45,
    Target.ADVISOR: 20,
    Target.ENGINE: 20,
    Target.STUB: 3,
    Target.STORE: 5,
}
"""How long a part stays up, at least, before it is killed again: else little gets past it."""


@dataclass(frozen=True)
class Order:
    target: Target
    stage: Stage


@dataclass
class Kill:
    """``recovered_seconds``: until another process did its work; ``None``: it never did."""

    target: Target
    stage: Stage
    victim: str
    at_seconds: float
    recovered_seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def make_orders(mix: Mapping[Target, int], dice: random.Random) -> list[Order]:
    """So many kills of each target, spread evenly over the stages, in random order."""
    orders: list[Order] = []
    for target, count in mix.items():
        stages = dice.sample(STAGES, len(STAGES))
        orders += [Order(target, stage) for stage in islice(cycle(stages), count)]
    dice.shuffle(orders)
    return orders


class Killer:
    """Works off its orders; ``kills`` is what was done."""

    def __init__(
        self, stack: Stack, ledger: Ledger, orders: Iterable[Order], dice: random.Random
    ) -> None:
        self.orders = list(orders)
        self.kills: list[Kill] = []
        self._stack = stack
        self._ledger = ledger
        self._dice = dice
        self._rests_until: dict[str, float] = {}
        self._give_up = 0.0
        self._recoveries: set[asyncio.Task[None]] = set()

    async def work(self, *, pause_seconds: float, say: Callable[[str], None]) -> None:
        """Carry out every order, each as soon as its stage is met and its target is up. What is
        left in ``orders`` could not be carried out."""
        started = time.monotonic()
        self._give_up = started + _GIVE_UP_SECONDS
        while found := await self._next():
            order, victim = found
            await asyncio.sleep(self._dice.uniform(0, _LATER_SECONDS))
            if not self._carry_out(order, victim):
                self.orders.append(order)
                continue
            kill = Kill(order.target, order.stage, victim.name, time.monotonic() - started)
            self._give_up = time.monotonic() + _GIVE_UP_SECONDS
            self._after(kill, victim)
            say(f"{len(self.kills):>4}  {order.stage:<12} {order.target} ({victim.name})")
            await asyncio.sleep(self._dice.uniform(0.2, 2 * pause_seconds))
        await asyncio.gather(*self._recoveries)

    def _carry_out(self, order: Order, victim: Victim) -> bool:
        """Whether its stage was still met, and somebody was there to be killed."""
        return order.stage in self._ledger.stages() and victim.kill()

    async def _next(self) -> tuple[Order, Victim] | None:
        """``None``: all is done, or nobody could be killed for minutes."""
        while self.orders and time.monotonic() < self._give_up:
            stages = self._ledger.stages()
            for order in self._possible(stages):
                victim = find_victim(self._stack, order.target, self._dice)
                if victim:
                    self.orders.remove(order)
                    return order, victim
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return None

    def _possible(self, stages: set[Stage]) -> list[Order]:
        """The first order of each target whose stage is met now. Those come first that have to
        rest longest between two kills."""
        now = time.monotonic()
        found: dict[Target, Order] = {}
        for order in self.orders:
            if order.stage in stages and self._rests_until.get(part_of(order.target), 0) <= now:
                found.setdefault(order.target, order)
        return sorted(found.values(), key=lambda order: -_REST_SECONDS.get(order.target, 0))

    def _after(self, kill: Kill, victim: Victim) -> None:
        self.kills.append(kill)
        if kill.target in _REST_SECONDS:
            self._rests_until[part_of(kill.target)] = float("inf")
        recovery = asyncio.create_task(self._see_recovery(kill, victim))
        self._recoveries.add(recovery)
        recovery.add_done_callback(self._recoveries.discard)

    async def _see_recovery(self, kill: Kill, victim: Victim) -> None:
        started = time.monotonic()
        while not victim.is_replaced():
            if time.monotonic() - started > _RECOVERY_SECONDS:
                break
            await asyncio.sleep(_WATCH_SECONDS)
        else:
            kill.recovered_seconds = time.monotonic() - started
        self._rests_until[part_of(kill.target)] = time.monotonic() + _REST_SECONDS.get(
            kill.target, 0
        )
