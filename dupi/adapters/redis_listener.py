"""One connection to Redis that listens to whatever channels somebody here listens to."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from dupi.adapters.redis_client import RETRY_S, Outage
from dupi.concurrency import first_of, raise_if_cancelled, wait_until

_MESSAGE: Final = "message"
_SUBSCRIBED: Final = "subscribe"

Heard = Callable[[str, bytes | None], Awaitable[None]]


@dataclass(slots=True)
class _Channel:
    """``is_heard``: Redis has said that what is published from now on comes to us."""

    listeners: int = 0
    is_heard: asyncio.Event = field(default_factory=asyncio.Event)


class RedisListener:
    """Calls ``heard(channel, data)`` for each message, and ``heard(channel, None)`` whenever Redis
    begins to send a channel's messages: what came before that was missed.

    ``answer``: seconds that Redis may take for one; ``ping``: seconds between looks whether the
    connection lives.
    """

    def __init__(self, client: Redis, heard: Heard, *, answer: float, ping: float) -> None:
        self._client = client
        self._heard = heard
        self._answer = answer
        self._ping = ping
        self._outage = Outage("hearing hints")
        self._channels: dict[str, _Channel] = {}
        self._is_changed = asyncio.Event()
        self._asked_for: set[str] = set()
        self._unanswered: Counter[str] = Counter()

    @asynccontextmanager
    async def listening(self, name: str) -> AsyncIterator[None]:
        """Listen to ``name`` inside; entered once Redis has said so, or has taken too long, or at
        once where it is known to be away."""
        channel = self._channels.setdefault(name, _Channel())
        channel.listeners += 1
        self._is_changed.set()
        try:
            if not self._outage.is_on:
                await wait_until(channel.is_heard, at_most=self._answer)
            yield
        finally:
            channel.listeners -= 1
            self._is_changed.set()

    async def run(self) -> None:
        """Hold the connection, again whenever it is lost, until cancelled."""
        while True:
            try:
                async with self._client.pubsub() as connection:
                    await self._serve(connection)
            except Exception as away:  # whatever it is: hints may be lost, and nothing else
                self._outage.began(away)
            raise_if_cancelled()
            self._forget_connection()
            await asyncio.sleep(RETRY_S)

    async def _serve(self, connection: PubSub) -> None:
        async with asyncio.timeout(self._answer):
            await connection.ping()  # connects
        await first_of(self._read(connection), self._ask(connection))

    def _forget_connection(self) -> None:
        self._asked_for = set()
        self._unanswered.clear()
        self._forget_unwanted()
        for channel in self._channels.values():
            channel.is_heard.clear()

    def _forget_unwanted(self) -> None:
        """Only here, where Redis is told so: who comes back before that finds it still heard."""
        self._channels = {name: one for name, one in self._channels.items() if one.listeners}

    async def _ask(self, connection: PubSub) -> None:
        """Ask for what is listened to by now; at a slow pace also whether anyone is there."""
        while True:
            self._is_changed.clear()
            self._forget_unwanted()
            async with asyncio.timeout(self._answer):
                await self._ask_for(connection, set(self._channels))
            raise_if_cancelled()
            await wait_until(self._is_changed, at_most=self._ping)

    async def _ask_for(self, connection: PubSub, wanted: set[str]) -> None:
        new, old = wanted - self._asked_for, self._asked_for - wanted
        self._asked_for = wanted
        self._unanswered.update(new)
        if new:
            await connection.subscribe(*new)
        if old:
            await connection.unsubscribe(*old)
        if not new and not old:
            await connection.ping()

    async def _read(self, connection: PubSub) -> None:
        """Each question is answered within its time, so silence means that nobody is there."""
        while True:
            message = await connection.get_message(timeout=self._ping + self._answer)
            raise_if_cancelled()
            if message is None:
                raise TimeoutError("Redis is silent")
            self._outage.ended()
            await self._take(message)

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == _MESSAGE:
            await self._heard(message["channel"].decode(), message["data"])
        elif message["type"] == _SUBSCRIBED:
            await self._begin(message["channel"].decode())

    async def _begin(self, name: str) -> None:
        """Only the last answer counts for a channel that was left and asked for again meanwhile:
        after the first, Redis has yet to stop once."""
        self._unanswered -= Counter({name: 1})
        if name in self._channels and not self._unanswered[name]:
            self._channels[name].is_heard.set()
            await self._heard(name, None)
