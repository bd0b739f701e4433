"""Objects in a folder: whole or not at all, and never outside of it."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from dupi.adapters.storage import FolderStorage
from dupi.errors import NotFound, Unavailable

KEY = "photos/owner-1/photo-1/original.jpg"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[FolderStorage]:
    with closing(FolderStorage.at(str(tmp_path / "objects"), timeout_seconds=5)) as opened:
        yield opened


async def test_put_get_delete(storage: FolderStorage) -> None:
    await storage.put(KEY, b"one")
    assert await storage.get(KEY) == b"one"
    await storage.put(KEY, b"two")
    assert await storage.get(KEY) == b"two"
    await storage.delete(KEY)
    with pytest.raises(NotFound):
        await storage.get(KEY)
    await storage.delete(KEY)


async def test_a_folder_is_no_object(storage: FolderStorage) -> None:
    await storage.put(KEY, b"one")
    for key in ("photos/owner-1", KEY + "/more"):
        with pytest.raises(NotFound):
            await storage.get(key)


async def test_delete_prefix_takes_whole_segments(storage: FolderStorage) -> None:
    keys = ["photos/a/1/x.jpg", "photos/a/2/x.jpg", "photos/ab/1/x.jpg"]
    for key in keys:
        await storage.put(key, key.encode())
    await storage.delete_prefix("photos/a")
    await storage.delete_prefix("photos/nobody")
    assert await storage.get(keys[2]) == keys[2].encode()
    for key in keys[:2]:
        with pytest.raises(NotFound):
            await storage.get(key)


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
        "photos\\..\\x",
        "photos/x\x00.jpg",
        "photos/x\n",
        "a/" * 3,
        "~/x",
        "사진/x",
        "x" * 200,
    ],
)
async def test_no_key_leads_out(storage: FolderStorage, tmp_path: Path, key: str) -> None:
    (tmp_path / "x").write_bytes(b"outside")
    for attempt in (storage.get(key), storage.put(key, b"!"), storage.delete_prefix(key)):
        with pytest.raises(NotFound):
            await attempt
    assert (tmp_path / "x").read_bytes() == b"outside"


async def test_readers_never_see_a_part(storage: FolderStorage, tmp_path: Path) -> None:
    versions = [bytes([n]) * 200_000 for n in range(8)]
    await storage.put(KEY, versions[0])

    async def read() -> None:
        for _ in range(20):
            assert await storage.get(KEY) in versions

    await asyncio.gather(read(), *(storage.put(KEY, version) for version in versions))
    left = [path.name for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert left == ["original.jpg"]


async def test_a_full_or_broken_disk_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "objects" / "photos").mkdir(parents=True)
    (tmp_path / "objects" / "photos" / "taken").write_bytes(b"a file where a folder must be")
    url = (tmp_path / "objects").as_uri()
    with closing(FolderStorage.at(url, timeout_seconds=5)) as storage, pytest.raises(Unavailable):
        await storage.put("photos/taken/x.jpg", b"!")


async def test_deleting_while_others_write_leaves_nothing_or_says_so(
    storage: FolderStorage, tmp_path: Path
) -> None:
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
    assert not (tmp_path / "objects" / "analyses" / "o" / "a").exists()


@pytest.mark.parametrize("url", ["s3://bucket/x", "http://example.com/x", "file://host/x"])
def test_another_kind_of_storage_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no folder"):
        FolderStorage.at(url, timeout_seconds=1)
