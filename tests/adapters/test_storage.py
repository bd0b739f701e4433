"""Objects by key: whole or not at all, and never outside. In a folder and in a bucket alike."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dupi.adapters.storage import FolderStorage, PhotoStorage
from dupi.errors import NotFound, Unavailable
from tests.adapters.conftest import bucket_storage
from tests.support.buckets import BucketServer

KEY = "photos/owner-1/photo-1/original.jpg"


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PhotoStorage]:
    if request.param == "folder":
        with closing(FolderStorage.at(str(tmp_path / "objects"), timeout_seconds=5)) as folder:
            yield folder
        return
    buckets: BucketServer = request.getfixturevalue("buckets")
    buckets.empty()
    with closing(bucket_storage(buckets.endpoint)) as bucket:
        yield bucket


async def _put_all(storage: PhotoStorage, *keys: str) -> None:
    for key in keys:
        await storage.put(key, key.encode())


async def _all_keys(storage: PhotoStorage, prefix: str = "photos") -> list[str]:
    return [found.key for found in await storage.list_keys(prefix, at_most=10_000)]


async def test_put_get_delete(storage: PhotoStorage) -> None:
    await storage.put(KEY, b"one")
    assert await storage.get(KEY) == b"one"
    await storage.put(KEY, b"two")
    assert await storage.get(KEY) == b"two"
    await storage.delete(KEY)
    with pytest.raises(NotFound):
        await storage.get(KEY)
    await storage.delete(KEY)


@pytest.mark.parametrize("size", [0, 1, 6 * 2**20])
async def test_every_byte_comes_back(storage: PhotoStorage, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    await storage.put(KEY, data)
    assert await storage.get(KEY) == data


async def test_a_folder_is_no_object(storage: PhotoStorage) -> None:
    await storage.put(KEY, b"one")
    for key in ("photos/owner-1", KEY + "/more"):
        with pytest.raises(NotFound):
            await storage.get(key)
        await storage.delete(key)
    assert await storage.get(KEY) == b"one"


async def test_delete_prefix_takes_whole_segments(storage: PhotoStorage) -> None:
    gone = ["photos/a/1/x.jpg", "photos/a/2/x.jpg"]
    stays = ["photos/a-b/1/x.jpg", "photos/a.b/x.jpg", "photos/ab/1/x.jpg", "photos/b/a/x.jpg"]
    await _put_all(storage, *gone, *stays)
    await storage.delete_prefix("photos/a")
    await storage.delete_prefix("photos/nobody")
    assert await _all_keys(storage) == stays
    await storage.delete_prefix(stays[0])
    assert await _all_keys(storage) == stays[1:]


async def test_keys_are_listed_in_their_order(storage: PhotoStorage) -> None:
    keys = [
        f"photos/{name}" for name in ("a/1/x", "a/2", "a-b/x", "a.jpg", "ab/x", "B/x", "_", "a0")
    ]
    await _put_all(storage, *keys, "analyses/a/x", "photosx/a")
    in_order = sorted(keys)
    assert await _all_keys(storage) == in_order
    assert await _all_keys(storage, "photos/a") == ["photos/a/1/x", "photos/a/2"]
    assert await _all_keys(storage, "photos/nobody") == []
    for at, after in enumerate(in_order):
        found = await storage.list_keys("photos", after=after, at_most=2)
        assert [one.key for one in found] == in_order[at + 1 : at + 3]
    assert await storage.list_keys("photos", after="photos/zz", at_most=5) == []
    between = await storage.list_keys("photos", after="photos/a/1/z", at_most=1)
    assert [one.key for one in between] == ["photos/a/2"]


async def test_a_listing_says_when_an_object_was_last_written(storage: PhotoStorage) -> None:
    await storage.put(KEY, b"one")
    [found] = await storage.list_keys("photos", at_most=5)
    assert abs(found.modified_at - datetime.now(UTC)) < timedelta(hours=1)
    assert found.modified_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "photos/../../x",
        "photos//x",
        "photos/./x",
        "photos/.hidden",
        ".new/x",
        "photos\\..\\x",
        "photos/x\x00.jpg",
        "photos/x\n",
        "a/" * 3,
        "~/x",
        "사진/x",
        "photos/%2e%2e/x",
        "x" * 200,
    ],
)
async def test_no_key_leads_out(storage: PhotoStorage, tmp_path: Path, key: str) -> None:
    (tmp_path / "x").write_bytes(b"outside")
    for attempt in (
        storage.get(key),
        storage.put(key, b"!"),
        storage.delete(key),
        storage.delete_prefix(key),
        storage.list_keys(key, at_most=1),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (tmp_path / "x").read_bytes() == b"outside"


async def test_readers_never_see_a_part(storage: PhotoStorage) -> None:
    versions = [bytes([n]) * 200_000 for n in range(8)]
    await storage.put(KEY, versions[0])

    async def read() -> None:
        for _ in range(20):
            assert await storage.get(KEY) in versions

    await asyncio.gather(read(), *(storage.put(KEY, version) for version in versions))
    assert await _all_keys(storage) == [KEY]


async def test_deleting_while_others_write_leaves_nothing_or_says_so(storage: PhotoStorage) -> None:
    async def write(number: int) -> None:
        for part in range(20):
            with suppress(Unavailable):
                await storage.put(f"analyses/o/a/{number}-{part}.png", b"!" * 1000)

    async def delete() -> None:
        for _ in range(20):
            with suppress(Unavailable):
                await storage.delete_prefix("analyses/o/a")

    await asyncio.gather(write(1), write(2), delete())
    await storage.delete_prefix("analyses/o/a")
    assert await _all_keys(storage, "analyses") == []


async def test_it_can_be_used(storage: PhotoStorage) -> None:
    await storage.check()
    await storage.put(KEY, b"one")
    await storage.check()
