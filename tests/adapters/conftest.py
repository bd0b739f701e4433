"""What the adapters' tests share: a Redis, and carriers of hints over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from dupi.adapters.redis_client import open_redis
from dupi.adapters.redis_hints import HintTimes, RedisHints, open_redis_hints
from tests.support.redis import RedisServer, running_redis

TIMES: Final = HintTimes(answer=0.5, ping=0.2)


@pytest.fixture(scope="module")
async def redis() -> AsyncIterator[RedisServer]:
    """One that this module may leave as it likes, but running."""
    async with running_redis() as server:
        yield server


@asynccontextmanager
async def redis_hints(url: str) -> AsyncIterator[RedisHints]:
    """What a process would open."""
    async with (
        open_redis(url, timeout_seconds=TIMES.answer, max_connections=5) as client,
        open_redis_hints(client, prefix="test:", times=TIMES) as hints,
    ):
        yield hints
