"""The advisor's endpoints: where a version may come up beside the one that is live.

They are named by the settings, so that nothing that is written into the store can make the platform
speak, and show its key, to another server.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Protocol

from dupi.adapters.advisor import Advisor, AdvisorTimeouts, open_advisor
from dupi.errors import Unavailable

_UNAVAILABLE: Final = "advisor"


class Advisors(Protocol):
    """One advisor an endpoint; ``endpoints`` are base urls, the usual one first."""

    @property
    def endpoints(self) -> tuple[str, ...]: ...

    def at(self, endpoint: str | None) -> Advisor:
        """``None``: at the usual one. Raises Unavailable where the settings name no such one."""
        ...


class KnownAdvisors:
    """A client an endpoint, each with its own memory of having been let wait."""

    def __init__(self, clients: dict[str, Advisor]) -> None:
        self._clients = clients

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(self._clients)

    def at(self, endpoint: str | None) -> Advisor:
        named = self.endpoints[0] if endpoint is None else endpoint
        if named not in self._clients:
            raise Unavailable("the settings name no such endpoint", reason=_UNAVAILABLE)
        return self._clients[named]


@asynccontextmanager
async def open_advisors(
    urls: Sequence[str], *, api_key: str | None, model: str, timeouts: AdvisorTimeouts
) -> AsyncIterator[KnownAdvisors]:
    """Advisors at these base urls; each connects with its first call."""
    async with AsyncExitStack() as stack:
        clients: dict[str, Advisor] = {}
        for url in urls:
            opened = open_advisor(url, api_key=api_key, model=model, timeouts=timeouts)
            clients[url] = await stack.enter_async_context(opened)
        yield KnownAdvisors(clients)
