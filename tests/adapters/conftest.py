"""What the adapters' tests share: a Redis with carriers of hints over it, and a bucket."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from dupi.adapters.buckets import BucketStorage
from dupi.adapters.redis_client import open_redis
from dupi.adapters.redis_hints import HintTimes, RedisHints, open_redis_hints
from dupi.settings import BucketSettings
from tests.support.buckets import (
    ACCESS_KEY_ID,
    BUCKET,
    SECRET_ACCESS_KEY,
    BucketServer,
    running_buckets,
)
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


@pytest.fixture(scope="session")
def buckets() -> Iterator[BucketServer]:
    """One that tests leave as it was, but for what lies in it."""
    with running_buckets() as server:
        yield server


def bucket_storage(
    endpoint: str, *, url: str = f"s3://{BUCKET}/here", timeout_seconds: float = 10
) -> BucketStorage:
    """What a process would open; two requests at once."""
    settings = BucketSettings.model_validate(
        {
            "endpoint": endpoint,
            "region": "us-east-1",
            "access_key_id": ACCESS_KEY_ID,
            "secret_access_key": SECRET_ACCESS_KEY,
            "max_calls": 2,
        }
    )
    return BucketStorage.at(url, settings, timeout_seconds=timeout_seconds)
