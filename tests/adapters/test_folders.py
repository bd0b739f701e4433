"""A folder as photo storage: what only a disk can do."""

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from api.local_stack.paths import ROOT
from dupi.adapters.storage import FolderStorage
from dupi.errors import Unavailable

_PROGRAM = (sys.executable, "-m", "tests.adapters.full_disk")
_OWN_MOUNTS = ("unshare", "--map-root-user", "--mount")


def _can_mount() -> bool:
    try:
        tried = subprocess.run([*_OWN_MOUNTS, "true"], check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


@pytest.mark.parametrize("how", ["a disk of 256 KiB", "a limit on files"])
def test_a_full_disk_is_unavailable_and_leaves_nothing_half_written(
    tmp_path: Path, how: str
) -> None:
    command = [*_PROGRAM, str(tmp_path), "65536"]
    if how.startswith("a disk"):
        if not _can_mount():
            pytest.skip("this machine lets nobody mount anything")
        mount = 'mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@"'
        command = [*_OWN_MOUNTS, "sh", "-c", mount, str(tmp_path), *_PROGRAM, str(tmp_path)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    said = "No space left" if how.startswith("a disk") else "File too large"
    for refusal in (outcome["new"], outcome["old"]):
        assert refusal.startswith("UNAVAILABLE: ")
        assert said in refusal
    assert outcome["kept"]
    assert outcome["files"] == ["photos/a/x"]


async def test_what_a_killed_writer_left_is_swept_and_what_is_young_stays(tmp_path: Path) -> None:
    unfinished = tmp_path / ".new"
    unfinished.mkdir()
    for name, age in (("old", 7200), ("young", 60)):
        (unfinished / name).write_bytes(b"half")
        os.utime(unfinished / name, (time.time() - age,) * 2)
    with closing(FolderStorage.at(str(tmp_path), timeout_seconds=5)) as storage:
        assert [file.name for file in unfinished.iterdir()] == ["young"]
        await storage.put("photos/a/x", b"1")
        assert [file.name for file in unfinished.iterdir()] == ["young"]


async def test_a_broken_folder_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "objects" / "photos").mkdir(parents=True)
    (tmp_path / "objects" / "photos" / "taken").write_bytes(b"a file where a folder must be")
    url = (tmp_path / "objects").as_uri()
    with closing(FolderStorage.at(url, timeout_seconds=5)) as storage:
        with pytest.raises(Unavailable):
            await storage.put("photos/taken/x.jpg", b"!")
        (tmp_path / "objects").rename(tmp_path / "elsewhere")
        with pytest.raises(Unavailable):
            await storage.check()


async def test_objects_that_go_away_meanwhile_are_no_failure(tmp_path: Path) -> None:
    with closing(FolderStorage.at(str(tmp_path), timeout_seconds=30)) as storage:

        async def come_and_go() -> None:
            for number in range(100):
                await storage.put(f"photos/{number % 5}/{number}/x", b"1")
                await storage.delete_prefix(f"photos/{number % 5}")

        async def look() -> None:
            for _ in range(100):
                found = [one.key for one in await storage.list_keys("photos", at_most=1000)]
                assert found == sorted(found)

        await asyncio.gather(come_and_go(), look())


@pytest.mark.parametrize("url", ["s3://bucket/x", "http://example.com/x", "file://host/x"])
def test_another_kind_of_storage_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no folder"):
        FolderStorage.at(url, timeout_seconds=1)
