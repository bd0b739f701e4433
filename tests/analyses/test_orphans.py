"""Files without a record, and records without what they rest on: gone, whoever was cut off when."""

import asyncio
import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from dupi.accounts import consents
from dupi.accounts.models import ConsentKind
from dupi.adapters import storage
from dupi.analyses import orphans
from dupi.analyses.consent import withdraw_sensitive_data
from dupi.analyses.models import Analysis, Photo
from dupi.analyses.orphans import OrphanSweep
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.service import delete_analysis, request_analysis
from dupi.clock import utc_now
from dupi.errors import Conflict
from dupi.idempotency import IdempotencyRecord
from dupi.knowledge.vocabulary import ScalpSite
from dupi.pictures import Keeping
from dupi.resources import Resources
from tests.analyses.doubles import a_person, some_photos
from tests.analyses.running import a_queued, claimed
from tests.analyses.test_deleting import files, objects
from tests.knowledge.cases import PLAIN_SURVEY

__all__ = ["objects"]

TWO_HOURS = 7200


def grow_old(folder: Path) -> None:
    for path in folder.rglob("*.*"):
        os.utime(path, (time.time() - TWO_HOURS,) * 2)


async def test_old_files_that_no_record_names_are_removed(
    platform: Resources, objects: Path
) -> None:
    owner_id = await a_person(platform)
    [kept] = await some_photos(platform, owner_id, ScalpSite.CROWN)
    await platform.storage.put(f"photos/{owner_id}/lost/original.jpg", b"late")
    await platform.storage.put(f"analyses/{owner_id}/lost/crown-x.png", b"late")
    assert await OrphanSweep().step(platform) == 0, "they may still be under way"
    grow_old(objects)
    assert await OrphanSweep().step(platform) == 2
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]
    assert await platform.storage.get(kept.image_key)


async def test_a_sweep_goes_on_where_it_ended_and_begins_again(
    platform: Resources, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "_PAGE", 2)
    for number in range(5):
        await platform.storage.put(f"photos/o/lost-{number}/original.jpg", b"late")
    grow_old(objects)
    sweep = OrphanSweep()
    assert [await sweep.step(platform) for _ in range(3)] == [2, 2, 1]
    await platform.storage.put("photos/o/lost-0/original.jpg", b"late")
    grow_old(objects)
    assert await sweep.step(platform) == 1


async def test_a_write_that_is_cut_off_has_ended_before_it_is_cleared_up(
    platform: Resources, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    write = storage._write_atomically

    def slowly(*what: object) -> None:
        begun.set()
        go_on.wait(10)
        write(*what)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "_write_atomically", slowly)
    putting = asyncio.create_task(platform.storage.put("photos/o/p/original.jpg", b"x"))
    await asyncio.to_thread(begun.wait, 10)
    putting.cancel()
    await asyncio.sleep(0.05)
    assert not putting.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await platform.storage.delete_prefix("photos/o/p")
    assert files(objects) == []


async def test_a_withdrawal_takes_what_a_clock_ahead_has_dated(
    platform: Resources, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_id = await a_person(platform)
    await some_photos(platform, owner_id, ScalpSite.CROWN)
    monkeypatch.setattr(consents, "utc_now", lambda: utc_now() - timedelta(minutes=5))
    await withdraw_sensitive_data(platform, user_id=owner_id)
    assert files(objects) == []
    assert await Photo.find({}).count() == 0
    assert not await consents.list_owed_erasure(ConsentKind.SENSITIVE_DATA)


async def test_an_analysis_of_a_photo_that_is_gone_goes_too(platform: Resources) -> None:
    """It was made in the moment in which its photo was deleted, and the call then cut off."""
    queued = await a_queued(platform)
    await Photo.get_pymongo_collection().delete_many({"_id": {"$in": queued.photo_ids}})
    await run_pipeline(platform, await claimed(platform))
    [left] = await Analysis.get_pymongo_collection().find({}).to_list()
    assert left.keys() == {"_id", "owner_id", "keeping", "lease_expires_at_ms"}
    assert left["keeping"] == Keeping.DELETING.value


async def test_a_key_whose_analysis_is_being_deleted_makes_no_other(platform: Resources) -> None:
    """The call was cut off before it was told, and a worker still holds the analysis."""
    owner_id = await a_person(platform)
    [photo] = await some_photos(platform, owner_id, ScalpSite.CROWN)

    async def ask() -> Analysis:
        return await request_analysis(
            platform,
            owner_id=owner_id,
            photo_ids=[photo.id],
            survey=PLAIN_SURVEY,
            idempotency_key="key",
        )

    made = await ask()
    cut_off = {"$set": {"done": False, "busy_until_ms": 0}}
    await IdempotencyRecord.get_pymongo_collection().update_one({"result_id": made.id}, cut_off)
    await claimed(platform)
    await delete_analysis(platform, owner_id=owner_id, analysis_id=made.id)
    with pytest.raises(Conflict):
        await ask()
