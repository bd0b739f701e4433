"""A bucket whose server is away, hangs, fails or refuses: a clear failure in bounded time."""

import asyncio
from collections.abc import Awaitable, Iterator

import pytest
from structlog.testing import capture_logs

from dupi.adapters.buckets import BucketStorage
from dupi.errors import NotFound, Unavailable
from dupi.settings import BucketSettings
from tests.adapters.conftest import bucket_storage
from tests.support.buckets import (
    BUCKET,
    SECRET_ACCESS_KEY,
    SILENCE,
    BucketServer,
    answer,
    answering,
    running_buckets,
)
from tests.support.patience import HANGS_AFTER_S

KEY = "photos/owner-1/photo-1/original.jpg"
"""What would hang without an end is given up after."""
BUSY = answer("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>")
LISTED = (
    b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>here/photos/a/x</Key>"
    b"<LastModified>2026-11-24T00:00:00Z</LastModified><Size>1</Size><ETag>1</ETag></Contents>"
    b"</ListBucketResult>"
)

DELETED = b"<DeleteResult><Deleted><Key>here/photos/a/x</Key></Deleted></DeleteResult>"


@pytest.fixture(scope="module")
def fragile() -> Iterator[BucketServer]:
    """One that this module may leave as it likes, but running."""
    with running_buckets() as server:
        yield server


def _every_call(storage: BucketStorage) -> list[Awaitable[object]]:
    return [
        storage.put(KEY, b"!"),
        storage.get(KEY),
        storage.delete(KEY),
        storage.delete_prefix("photos/owner-1"),
        storage.list_keys("photos", at_most=5),
        storage.check(),
    ]


async def _all_fail(storage: BucketStorage) -> list[str]:
    """Every call is refused as unavailable, in bounded time; what they say."""
    async with asyncio.timeout(HANGS_AFTER_S):
        outcomes = await asyncio.gather(*_every_call(storage), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * len(outcomes), outcomes
    return [str(outcome) for outcome in outcomes]


async def test_away_and_back(fragile: BucketServer) -> None:
    storage = bucket_storage(fragile.endpoint, timeout_seconds=4)
    await storage.put(KEY, b"one")
    fragile.kill()
    await _all_fail(storage)
    fragile.start()
    await storage.put(KEY, b"two")
    assert await storage.get(KEY) == b"two"


async def test_hanging_and_back(fragile: BucketServer) -> None:
    storage = bucket_storage(fragile.endpoint, timeout_seconds=1)
    await storage.put(KEY, b"one")
    fragile.hang()
    try:
        await _all_fail(storage)
    finally:
        fragile.go_on()
    patient, other = bucket_storage(fragile.endpoint), "photos/owner-2/photo-2/original.jpg"
    await patient.put(other, b"two")
    assert await patient.get(other) == b"two"


@pytest.mark.parametrize(
    "given",
    [
        BUSY,
        answer("500 Internal Server Error"),
        answer("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>"),
        answer("400 Bad Request", b"<Error><Code>InvalidRequest</Code></Error>"),
        answer("301 Moved Permanently"),
        b"HTTP/1.1 200 OK\r\n" + SILENCE,
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=lambda given: given[:24].decode(),
)
async def test_failing_servers(given: bytes) -> None:
    async with answering(given) as server:
        said = await _all_fail(bucket_storage(server.endpoint, timeout_seconds=1))
    assert all("\n" not in line for line in said)


async def test_one_failure_is_got_over_and_no_more_are_tried() -> None:
    async with answering(BUSY, answer("200 OK", b"data")) as server:
        assert await bucket_storage(server.endpoint).get(KEY) == b"data"
        assert len(server.asked) == 2
    async with answering(BUSY) as server:
        with pytest.raises(Unavailable):
            await bucket_storage(server.endpoint).get(KEY)
        assert len(server.asked) == 2


async def test_a_body_that_stops_in_the_middle_is_no_photo() -> None:
    for end in (SILENCE, b""):
        async with answering(answer("200 OK", b"half" + end, length=8)) as server:
            async with asyncio.timeout(HANGS_AFTER_S):
                with pytest.raises(Unavailable):
                    await bucket_storage(server.endpoint, timeout_seconds=1).get(KEY)


async def test_a_missing_bucket_is_no_missing_photo(buckets: BucketServer) -> None:
    await _all_fail(bucket_storage(buckets.endpoint, url="s3://no-such-bucket/here"))
    with pytest.raises(NotFound):
        await bucket_storage(buckets.endpoint).get("photos/nobody/x/original.jpg")


async def test_more_than_may_wait_are_refused_at_once() -> None:
    async with answering(SILENCE) as server:
        storage = bucket_storage(server.endpoint, timeout_seconds=HANGS_AFTER_S)
        waiting = [asyncio.ensure_future(storage.get(KEY)) for _ in range(2 + 256)]
        await asyncio.sleep(0.1)
        with pytest.raises(Unavailable, match="full") as refused:
            await storage.get(KEY)
        assert refused.value.retry_after_seconds > 0
        assert len(server.asked) <= 2
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with answering(answer("200 OK", b"data")) as server:
        storage = bucket_storage(server.endpoint)
        gets = (storage.get(KEY) for _ in range(2 + 256))
        assert set(await asyncio.gather(*gets)) == {b"data"}


async def test_whoever_leaves_gives_the_place_back() -> None:
    async with answering(*[SILENCE] * 2, answer("200 OK", b"data")) as server:
        storage = bucket_storage(server.endpoint, timeout_seconds=HANGS_AFTER_S)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await storage.get(KEY)
        assert await storage.get(KEY) == b"data"


async def test_deleting_and_listing_go_on_over_pages(buckets: BucketServer) -> None:
    buckets.empty()
    storage = bucket_storage(buckets.endpoint)
    keys = [f"photos/a/{number:04}" for number in range(1005)]
    await storage.put("photos/ab/x", b"1")
    for start in range(0, len(keys), 200):
        await asyncio.gather(*(storage.put(key, b"1") for key in keys[start : start + 200]))
    found = await storage.list_keys("photos/a", at_most=5000)
    assert [one.key for one in found] == keys
    await storage.delete_prefix("photos/a")
    assert buckets.keys() == ["here/photos/ab/x"]


async def test_a_bucket_that_does_not_get_empty_is_told() -> None:
    nothing = answer("200 OK", DELETED)
    listed = answer("200 OK", LISTED)
    async with answering(nothing, listed, nothing, listed) as server:
        with pytest.raises(Unavailable, match="does not get empty"):
            await bucket_storage(server.endpoint).delete_prefix("photos/a")


async def test_prefixes_and_neighbours(buckets: BucketServer) -> None:
    buckets.empty()
    bare = bucket_storage(buckets.endpoint, url=f"s3://{BUCKET}")
    deep = bucket_storage(buckets.endpoint, url=f"s3://{BUCKET}/one/two/")
    await bare.put("photos/a/x", b"bare")
    await deep.put("photos/a/x", b"deep")
    assert buckets.keys() == ["one/two/photos/a/x", "photos/a/x"]
    await deep.delete_prefix("photos")
    assert [one.key for one in await bare.list_keys("photos", at_most=5)] == ["photos/a/x"]
    assert await deep.list_keys("photos", at_most=5) == []


async def test_the_secret_is_never_told() -> None:
    with capture_logs() as lines:
        async with answering(answer("403 Forbidden")) as server:
            storage = bucket_storage(server.endpoint, timeout_seconds=1)
            said = await _all_fail(storage)
    assert SECRET_ACCESS_KEY not in repr((lines, said, storage, vars(storage)))


async def test_keys_come_from_the_environment_where_none_are_set(
    buckets: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "also")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    settings = BucketSettings.model_validate({"endpoint": buckets.endpoint})
    storage = BucketStorage.at(f"s3://{BUCKET}/here", settings, timeout_seconds=10)
    await storage.put(KEY, b"one")
    assert await storage.get(KEY) == b"one"


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "https://example.com/x", "file:///x", "x"])
def test_another_kind_of_storage_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no bucket"):
        BucketStorage.at(url, BucketSettings.model_validate({}), timeout_seconds=1)
