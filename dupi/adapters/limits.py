"""Rate limits: token buckets by key, in a bounded memory of one process."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dupi.errors import RateLimited


@dataclass(frozen=True, slots=True)
class Limit:
    """``burst`` in a row; then one more every ``refill_seconds``."""

    burst: int
    refill_seconds: float


class RateLimits(Protocol):
    async def take(self, key: str, limit: Limit) -> None:
        """Count one try under ``key``. Raises RateLimited with the seconds to wait."""

    async def forgive(self, key: str) -> None:
        """Forget the tries under ``key``."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class LocalRateLimits:
    """Buckets of one process. The least recently used goes where ``capacity`` is full.

    Forgetting a bucket fills it, so the capacity is far above the keys that one attacker can
    spend within a bucket's life.
    """

    def __init__(
        self, *, capacity: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._capacity = capacity
        self._clock = clock

    async def take(self, key: str, limit: Limit) -> None:
        bucket = self._refilled(key, limit)
        if bucket.tokens < 1:
            wait = (1 - bucket.tokens) * limit.refill_seconds
            raise RateLimited("too many tries", retry_after_seconds=max(1, math.ceil(wait)))
        bucket.tokens -= 1

    async def forgive(self, key: str) -> None:
        self._buckets.pop(key, None)

    def _refilled(self, key: str, limit: Limit) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(limit.burst, now))
        gained = max(0.0, now - bucket.at) / limit.refill_seconds
        bucket.tokens = min(limit.burst, bucket.tokens + gained)
        bucket.at = now
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return bucket
