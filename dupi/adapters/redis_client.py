"""Redis, which several processes share: hints go through it and tries are counted in it.

Nothing that must not be lost lies in it, and it may be away at any time: hints are then lost
(everyone looks by themselves too) and each process counts tries for itself.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from dupi.logs import get_logger
from dupi.metrics import REDIS_AWAY

REDIS_ERRORS: Final = (RedisError, OSError, TimeoutError)
RETRY_S: Final = 1.0
"""Pause before a Redis that was away is tried again."""

log = get_logger(__name__)


class Outage:
    """Tells the log once that Redis went away for ``part``, and once that it is back; a metric
    shows it meanwhile."""

    def __init__(self, part: str) -> None:
        self._part = part
        self.is_on = False
        REDIS_AWAY.labels(part).set(0)

    def began(self, error: BaseException) -> None:
        if not self.is_on:
            log.warning("redis_away", part=self._part, error=f"{type(error).__name__}: {error}")
        self.is_on = True
        REDIS_AWAY.labels(self._part).set(1)

    def ended(self) -> None:
        if self.is_on:
            log.info("redis_back", part=self._part)
        self.is_on = False
        REDIS_AWAY.labels(self._part).set(0)


@asynccontextmanager
async def open_redis(
    url: str, *, timeout_seconds: float, max_connections: int
) -> AsyncIterator[Redis]:
    """A client of the server at ``url``; connects with the first call.

    Every wait of it (for a connection, for an answer) takes ``timeout_seconds`` at most, and
    nothing is tried twice. Raises ValueError where ``url`` is none.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), retries=0),
        protocol=2,
    )
    client = Redis.from_pool(pool)
    try:
        yield client
    finally:
        await client.aclose()
