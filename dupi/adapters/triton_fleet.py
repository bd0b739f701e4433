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
"""After a failure the others go first, for so long."""

T = TypeVar("T")


class TritonFleet:
    """Classifier over at least one server.

    An inference may be repeated, so what one server does not do is tried on the next, once each,
    within the one deadline.
    """

    def __init__(self, servers: Sequence[Classifier]) -> None:
        self._servers = tuple(servers)
        self._resting_until = [0.0] * len(self._servers)
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
        )

    async def _spread(
        self,
        timeout: float,  # noqa: ASYNC109
        call: Callable[[Classifier, float], Awaitable[T]],
    ) -> T:
        ends_at = time.monotonic() + timeout
        failure = Unavailable("no server of the classifiers is known", reason="classifier")
        for number in self._order():
            left = ends_at - time.monotonic()
            if left <= 0:
                break
            try:
                return await call(self._servers[number], left)
            except Unavailable as away:
                failure = away
                self._resting_until[number] = time.monotonic() + _REST_S
        raise failure

    def _order(self) -> list[int]:
        """Each server once: from the one whose turn it is, those that rest last."""
        count, now = len(self._servers), time.monotonic()
        turns = [(self._turn + step) % count for step in range(count)]
        self._turn = (self._turn + 1) % count
        return sorted(turns, key=lambda number: self._resting_until[number] > now)


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
