"""Rate limits that all processes count together: token buckets in Redis, by Redis' own clock."""

import asyncio
import hashlib
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from dupi.adapters.limits import Limit, LocalRateLimits
from dupi.adapters.redis_client import REDIS_ERRORS, RETRY_S, Outage
from dupi.concurrency import raise_if_cancelled
from dupi.errors import RateLimited, Unavailable

_NAME: Final = "rate limits"
# A bucket that would be full again is forgotten. A clock that is set back refills nothing.
_TAKE: Final = """
local burst, refill_seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if bucket[1] then
  local gained = math.max(0, now - tonumber(bucket[2])) / refill_seconds
  tokens = math.min(burst, tonumber(bucket[1]) + gained)
end
local wait = 0
if tokens < 1 then
  wait = (1 - tokens) * refill_seconds
else
  tokens = tokens - 1
end
local kept = {string.format('%.17g', tokens), string.format('%.6f', now)}
redis.call('HSET', KEYS[1], 'tokens', kept[1], 'at', kept[2])
redis.call('PEXPIRE', KEYS[1], math.max(1, math.ceil((burst - tokens) * refill_seconds * 1000)))
return string.format('%.6f', wait)
"""


class RedisRateLimits:
    """Where Redis is away or slow, this process counts for itself meanwhile: each process then
    lets a burst of its own through."""

    def __init__(self, client: Redis, *, prefix: str, timeout_seconds: float) -> None:
        self._client = client
        self._prefix = prefix
        self._timeout_seconds = timeout_seconds
        self._local = LocalRateLimits()
        self._script = client.register_script(_TAKE)
        self._outage = Outage("counting tries")
        self._ask_again_at = 0.0

    async def take(self, key: str, limit: Limit) -> None:
        keys, arguments = [self._name(key)], [limit.burst, limit.refill_seconds]
        try:
            wait = float(await self._ask(lambda: self._script(keys=keys, args=arguments)))
        except Unavailable:
            await self._local.take(key, limit)
            return
        if wait > 0:
            raise RateLimited("too many tries", retry_after_seconds=max(1, math.ceil(wait)))

    async def forgive(self, key: str) -> None:
        await self._local.forgive(key)
        with suppress(Unavailable):
            await self._ask(lambda: self._client.delete(self._name(key)))

    def _name(self, key: str) -> str:
        """Keys name people and addresses, and may be long: Redis gets their digest."""
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16)
        return f"{self._prefix}limit.{digest.hexdigest()}"

    async def _ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """Raises Unavailable; while Redis is known to be away, it is only asked now and then."""
        now = time.monotonic()
        if self._outage.is_on and now < self._ask_again_at:
            raise Unavailable("Redis is away", reason=_NAME)
        self._ask_again_at = now + RETRY_S
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await question()
        except REDIS_ERRORS as away:
            self._outage.began(away)
            raise Unavailable("Redis is away", reason=_NAME) from away
        raise_if_cancelled()
        self._outage.ended()
        return answer
