"""Calls and workers that were cut off in the middle, by kill -9 or power: nothing of it stays."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api import worker
from api.upkeep import sweep
from dupi import pictures
from dupi.accounts.consents import withdraw
from dupi.accounts.models import Consent, ConsentKind
from dupi.accounts.service import grant_consent
from dupi.analyses.consent import withdraw_sensitive_data
from dupi.analyses.files import analysis_files
from dupi.analyses.models import Analysis, Photo
from dupi.analyses.orphans import OrphanSweep
from dupi.analyses.service import (
    delete_analysis,
    delete_photo,
    get_photo,
    list_photos,
    upload_photo,
)
from dupi.clock import epoch_ms, utc_now
from dupi.errors import NotFound, Unavailable
from dupi.ids import sort_key
from dupi.knowledge.vocabulary import ScalpSite
from dupi.paging import PageRequest
from dupi.resources import Resources
from tests.analyses.doubles import ScriptedClassifier, a_person, some_photos
from tests.analyses.running import a_queued, claimed
from tests.analyses.test_deleting import files, objects
from tests.support.photos import photo_bytes

__all__ = ["objects"]

Patch = pytest.MonkeyPatch


class Cut(BaseException):
    """Stands for the end of the process: nothing after it runs, no clearing up either."""


async def an_upload_cut_off(platform: Resources, owner_id: str, patch: Patch) -> Photo:
    """The process died between writing the files and showing the photo."""

    async def die(*_: Any) -> None:
        raise Cut

    with patch.context() as dying:
        dying.setattr(pictures, "_show", die)
        dying.setattr(pictures, "discard_picture", die)
        with pytest.raises(Cut):
            await _upload(platform, owner_id)
    [left] = await Photo.find({}).to_list()
    return left


async def _upload(platform: Resources, owner_id: str) -> Photo:
    return await upload_photo(
        platform,
        owner_id=owner_id,
        data=photo_bytes(),
        site=ScalpSite.CROWN,
        idempotency_key="key",
    )


async def test_an_upload_cut_off_is_seen_by_nobody(platform: Resources, monkeypatch: Patch) -> None:
    owner_id = await a_person(platform)
    left = await an_upload_cut_off(platform, owner_id, monkeypatch)
    with pytest.raises(NotFound):
        await get_photo(platform, owner_id=owner_id, photo_id=left.id)
    with pytest.raises(NotFound):
        await delete_photo(platform, owner_id=owner_id, photo_id=left.id)
    page = await list_photos(platform, owner_id=owner_id, page=PageRequest())
    assert page.items == ()


async def test_the_same_call_again_makes_it_whole(
    platform: Resources, objects: Path, monkeypatch: Patch
) -> None:
    owner_id = await a_person(platform)
    left = await an_upload_cut_off(platform, owner_id, monkeypatch)
    made = await _upload(platform, owner_id)
    assert made.id == left.id
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]
    assert await get_photo(platform, owner_id=owner_id, photo_id=made.id) == made


async def test_what_nobody_repeats_is_removed_once_it_is_old(
    platform: Resources, objects: Path, monkeypatch: Patch
) -> None:
    owner_id = await a_person(platform)
    left = await an_upload_cut_off(platform, owner_id, monkeypatch)
    await sweep(platform, OrphanSweep())
    assert await Photo.get(left.id), "it may still be at work"
    long_ago = {"sort_key": sort_key(utc_now() - timedelta(minutes=11), left.id)}
    await Photo.get_pymongo_collection().update_one({"_id": left.id}, {"$set": long_ago})
    await sweep(platform, OrphanSweep())
    assert await Photo.find({}).count() == 0
    assert files(objects) == []


async def test_an_upload_that_was_given_up_meanwhile_is_refused_for_now(
    platform: Resources, objects: Path, monkeypatch: Patch
) -> None:
    owner_id = await a_person(platform)
    announce = pictures._announce

    async def lose(photo: Photo) -> None:
        await announce(photo)
        await Photo.get_pymongo_collection().delete_one({"_id": photo.id})

    monkeypatch.setattr(pictures, "_announce", lose)
    with pytest.raises(Unavailable):
        await some_photos(platform, owner_id, ScalpSite.CROWN)
    assert files(objects) == []


async def test_files_of_a_worker_that_was_killed_after_the_deletion_are_removed(
    platform: Resources, objects: Path
) -> None:
    await a_queued(platform)
    claim = await claimed(platform, lease_s=30)
    owner_id, analysis_id = claim.analysis.owner_id, claim.analysis.id
    await delete_analysis(platform, owner_id=owner_id, analysis_id=analysis_id)
    [row] = await Analysis.get_pymongo_collection().find({}).to_list()
    assert row.keys() == {"_id", "owner_id", "keeping", "lease_expires_at_ms"}
    await platform.storage.put(f"{analysis_files(owner_id, analysis_id)}/crown-x.png", b"late")
    await sweep(platform, OrphanSweep())
    assert await Analysis.find({}).count() == 1, "its worker may still be writing"
    lapsed = {"lease_expires_at_ms": epoch_ms(utc_now()) - 1}
    await Analysis.get_pymongo_collection().update_one({"_id": analysis_id}, {"$set": lapsed})
    await sweep(platform, OrphanSweep())
    assert await Analysis.get_pymongo_collection().count_documents({}) == 0
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]


async def test_a_worker_that_lives_leaves_nothing_of_what_was_deleted(
    platform: Resources, classifier: ScriptedClassifier, objects: Path
) -> None:
    classifier.pause_s = 0.3
    await a_queued(platform)
    claim = await claimed(platform)
    work = asyncio.create_task(worker._work(platform, claim))
    while not classifier.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await delete_analysis(platform, owner_id=claim.analysis.owner_id, analysis_id=claim.analysis.id)
    await work
    assert await Analysis.get_pymongo_collection().count_documents({}) == 0
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]


async def test_a_withdrawal_cut_off_is_finished(platform: Resources, objects: Path) -> None:
    """The process died right after the consent had ended."""
    owner_id = await a_person(platform)
    await some_photos(platform, owner_id, ScalpSite.CROWN)
    await withdraw(user_id=owner_id, kind=ConsentKind.SENSITIVE_DATA)
    await sweep(platform, OrphanSweep())
    assert files(objects) == []
    assert await Photo.find({}).count() == 0
    assert await Consent.find({"is_owed_erasure": True}).count() == 0


async def test_what_came_in_under_a_new_consent_is_left_alone(
    platform: Resources, objects: Path
) -> None:
    owner_id = await a_person(platform)
    await some_photos(platform, owner_id, ScalpSite.CROWN)
    ended = await withdraw(user_id=owner_id, kind=ConsentKind.SENSITIVE_DATA)
    await asyncio.sleep(0.01)
    await grant_consent(
        platform, user_id=owner_id, kind=ended.kind, document_version=ended.document_version
    )
    [new] = await some_photos(platform, owner_id, ScalpSite.LEFT)
    await sweep(platform, OrphanSweep())
    assert [photo.id for photo in await Photo.find({}).to_list()] == [new.id]
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]


async def test_a_withdrawal_repeated_takes_what_the_first_left(
    platform: Resources, objects: Path
) -> None:
    owner_id = await a_person(platform)
    await some_photos(platform, owner_id, ScalpSite.CROWN)
    await withdraw(user_id=owner_id, kind=ConsentKind.SENSITIVE_DATA)
    with pytest.raises(NotFound):
        await withdraw_sensitive_data(platform, user_id=owner_id)
    assert files(objects) == []


async def test_one_piece_of_the_sweep_that_fails_holds_up_no_other(
    platform: Resources, monkeypatch: Patch
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("for this test")

    monkeypatch.setattr("api.upkeep.finish_withdrawals", fail)
    queued = await a_queued(platform)
    await Photo.get_pymongo_collection().update_one(
        {"_id": queued.photo_ids[0]}, {"$set": {"keeping": "DELETING"}}
    )
    await sweep(platform, OrphanSweep())
    assert await Photo.find({}).count() == 0
