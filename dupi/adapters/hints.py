"""Hints that something changed. They carry nothing and may be lost: everyone who listens also
looks by itself at a slow pace, and the store is the truth."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

QUEUE_CHANNEL = "analyses.queued"
MAIL_CHANNEL = "mail.queued"
EXPORT_CHANNEL = "exports.queued"


def analysis_channel(analysis_id: str) -> str:
    return f"analysis.{analysis_id}"


class Subscription(Protocol):
    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109
        """Wait for a hint since the last call; whether one came within ``timeout`` seconds."""


class Hints(Protocol):
    async def publish(self, channel: str) -> None:
        """Wake who listens to ``channel``. Never waits, never fails."""

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[Subscription]:
        """Listen from entering on: a hint published after that is not missed."""


class _Flag:
    """However many hints came since the last look, they are one: the queue is one bit."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class LocalHints:
    """Hints within one process and its event loop."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[_Flag]] = defaultdict(set)

    async def publish(self, channel: str) -> None:
        for flag in self._listeners.get(channel, ()):
            flag.set()

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscription]:
        flag = _Flag()
        self._listeners[channel].add(flag)
        try:
            yield flag
        finally:
            self._listeners[channel].discard(flag)
            if not self._listeners[channel]:
                del self._listeners[channel]
