"""Hints through Redis' pub/sub, for several processes.

Hints for listeners of this process go to them directly; Redis takes them to the others. One
connection a process listens, to exactly those channels that somebody here listens to.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from redis.asyncio import Redis

from dupi.adapters.hints import LocalHints, Subscription
from dupi.adapters.redis_client import REDIS_ERRORS, RETRY_S, Outage
from dupi.adapters.redis_listener import RedisListener
from dupi.concurrency import first_of, raise_if_cancelled

_MAX_WAITING: Final = 10_000
"""Channels whose hint may wait to be sent; a hint for one more is lost."""


@dataclass(frozen=True, slots=True)
class HintTimes:
    """``answer``: one call at most; ``ping``: look whether the connection lives. In seconds."""

    answer: float
    ping: float


@dataclass(slots=True)
class _Outbox:
    """However many hints a channel was given since the last sending, they are one."""

    channels: set[str] = field(default_factory=set)
    is_filled: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, channel: str) -> None:
        if len(self.channels) < _MAX_WAITING:
            self.channels.add(channel)
            self.is_filled.set()

    def take(self) -> set[str]:
        taken, self.channels = self.channels, set()
        self.is_filled.clear()
        return taken


class RedisHints:
    """Hints among all processes that share one Redis. Publishing leaves the hint to be sent."""

    def __init__(self, client: Redis, *, prefix: str, times: HintTimes) -> None:
        self._client = client
        self._prefix = prefix
        self._times = times
        self._name = secrets.token_bytes(8)
        self._local = LocalHints()
        self._outbox = _Outbox()
        self._listener = RedisListener(client, self._heard, answer=times.answer, ping=times.ping)

    async def publish(self, channel: str) -> None:
        await self._local.publish(channel)
        self._outbox.put(channel)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscription]:
        """Redis' word is waited for, but not for long and not where it is known to be away: it
        wakes this listener once when it comes later."""
        async with (
            self._listener.listening(self._prefix + channel),
            self._local.subscribe(channel) as subscription,
        ):
            yield subscription

    async def run(self) -> None:
        """Carry hints to and fro, until cancelled."""
        await first_of(self._listener.run(), self._send_all())

    async def send_last(self) -> None:
        """Send what still waits when the process ends."""
        with suppress(*REDIS_ERRORS):
            await self._send_waiting()

    async def _heard(self, name: str, data: bytes | None) -> None:
        """A hint; or, without ``data``, that hints may have been missed so far."""
        if data != self._name:
            await self._local.publish(name.removeprefix(self._prefix))

    async def _send_all(self) -> None:
        outage = Outage("publishing hints")
        while True:
            await self._outbox.is_filled.wait()
            try:
                await self._send_waiting()
            except Exception as away:  # whatever it is: hints are lost, and nothing else
                outage.began(away)
                await asyncio.sleep(RETRY_S)
            else:
                outage.ended()
            raise_if_cancelled()

    async def _send_waiting(self) -> None:
        channels = self._outbox.take()
        try:
            async with asyncio.timeout(self._times.answer):
                await self._send(channels)
        except asyncio.CancelledError:  # not gone yet, perhaps
            self._outbox.channels |= channels
            raise

    async def _send(self, channels: set[str]) -> None:
        async with self._client.pipeline(transaction=False) as pipe:
            for channel in channels:
                pipe.publish(self._prefix + channel, self._name)
            await pipe.execute()


@asynccontextmanager
async def open_redis_hints(
    client: Redis, *, prefix: str, times: HintTimes
) -> AsyncIterator[RedisHints]:
    """Hints that are carried for as long as the context is open. Redis may be away."""
    hints = RedisHints(client, prefix=prefix, times=times)
    carrying = asyncio.create_task(hints.run())
    try:
        yield hints
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        await hints.send_last()
