"""Several Triton servers as one classifier: calls go round, and a server that failed rests."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

from dupi.adapters.triton import (
    Classification,
    Classifier,
    Features,
    Grading,
    Pixels,
    TritonClient,
    open_triton,
)
from dupi.errors import Unavailable

_REST_S: Final = 2.0
"""After a failure the others go first, for so long; for twice as long with every timeout more."""
_LONGEST_REST_S: Final = 60.0

T = TypeVar("T")


class TritonFleet:
    """Classifier over at least one server.

    An inference may be repeated, so what one server does not do is tried on the next, once each,
    within the one deadline, of which each has its part: one that hangs must not use it up.
    """

    def __init__(self, servers: Sequence[Classifier]) -> None:
        self._servers = tuple(servers)
        self._resting_until = [0.0] * len(self._servers)
        self._timeouts = [0] * len(self._servers)
        self._turn = 0

    async def classify(
        self,
        image: Pixels,
        *,
        timeout: float,  # noqa: ASYNC109
        with_features: bool = False,
    ) -> Classification:
        return await self._spread(
            timeout,
            lambda server, left: server.classify(image, timeout=left, with_features=with_features),
            is_live=True,
        )

    async def grade(
        self,
        model: str,
        version: str,
        features: Features,
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Grading:
        return await self._spread(
            timeout,
            lambda server, left: server.grade(model, version, features, timeout=left),
            is_live=False,
        )

    async def _spread(
        self,
        timeout: float,  # noqa: ASYNC109
        call: Callable[[Classifier, float], Awaitable[T]],
        *,
        is_live: bool,
    ) -> T:
        """A candidate that fails says nothing about its server: only what is live lets it rest."""
        ends_at = time.monotonic() + timeout
        failure = Unavailable("no server of the classifiers is known", reason="classifier")
        order = self._order()
        for place, number in enumerate(order):
            began_at = time.monotonic()
            share = (ends_at - began_at) / self._sharing(order[place:])
            if share <= 0:
                break
            try:
                answer = await call(self._servers[number], share)
            except Unavailable as away:
                failure = away
                if is_live:
                    self._rest(number, was_slow=time.monotonic() - began_at >= share)
            else:
                if is_live:
                    self._timeouts[number] = 0
                return answer
        raise failure

    def _sharing(self, left: Sequence[int]) -> int:
        """By how many the first of ``left`` shares the time: nothing is kept for those that rest
        while others do not."""
        return sum(self._rests(number) == self._rests(left[0]) for number in left)

    def _rest(self, number: int, *, was_slow: bool) -> None:
        self._timeouts[number] = self._timeouts[number] + 1 if was_slow else 0
        doublings = max(0, self._timeouts[number] - 1)
        rest = min(_REST_S * 2**doublings, _LONGEST_REST_S)
        self._resting_until[number] = time.monotonic() + rest

    def _rests(self, number: int) -> bool:
        return self._resting_until[number] > time.monotonic()

    def _order(self) -> list[int]:
        """Each server once: from the one whose turn it is, those that rest last."""
        count = len(self._servers)
        turns = [(self._turn + step) % count for step in range(count)]
        self._turn = (self._turn + 1) % count
        return sorted(turns, key=self._rests)


@asynccontextmanager
async def open_fleet(
    urls: Sequence[str], *, control_timeout: float, load_timeout: float
) -> AsyncIterator[tuple[TritonFleet, tuple[TritonClient, ...]]]:
    """All servers as one classifier, and each for itself; they are connected to when needed."""
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(
                open_triton(url, control_timeout=control_timeout, load_timeout=load_timeout)
            )
            for url in urls
        ]
        yield TritonFleet(servers), tuple(servers)
