"""Deleting while others are at work: nothing that was derived from a photo stays behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api import worker
from dupi.analyses import service
from dupi.analyses.consent import withdraw_sensitive_data
from dupi.analyses.files import analysis_files
from dupi.analyses.models import Analysis, Photo
from dupi.analyses.service import delete_analysis, delete_photo
from dupi.errors import ConsentRequired, NotFound
from dupi.knowledge.vocabulary import ScalpSite
from dupi.resources import Resources
from dupi.vision.decoder import ImageDecoder
from dupi.vision.images import UprightPhoto
from tests.analyses.doubles import ScriptedClassifier, a_person, some_photos
from tests.analyses.running import a_queued, claimed
from tests.knowledge.cases import PLAIN_SURVEY

Patch = pytest.MonkeyPatch


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_a_photo_that_comes_in_while_the_consent_is_withdrawn_is_dropped(
    platform: Resources, objects: Path, monkeypatch: Patch
) -> None:
    owner_id = await a_person(platform)
    read_photo = ImageDecoder.read_photo

    async def withdraw_meanwhile(self: ImageDecoder, data: bytes) -> UprightPhoto:
        await withdraw_sensitive_data(platform, user_id=owner_id)
        return await read_photo(self, data)

    monkeypatch.setattr(ImageDecoder, "read_photo", withdraw_meanwhile)
    with pytest.raises(ConsentRequired):
        await some_photos(platform, owner_id, ScalpSite.CROWN)
    assert files(objects) == []
    assert await Photo.find({}).count() == 0


async def test_an_analysis_of_a_photo_that_is_deleted_meanwhile_is_refused(
    platform: Resources, monkeypatch: Patch
) -> None:
    owner_id = await a_person(platform)
    [photo] = await some_photos(platform, owner_id, ScalpSite.CROWN)
    record = service._record

    async def delete_meanwhile(*request: Any) -> Analysis:
        await delete_photo(platform, owner_id=owner_id, photo_id=photo.id)
        return await record(*request)

    monkeypatch.setattr(service, "_record", delete_meanwhile)
    with pytest.raises(NotFound):
        await service.request_analysis(
            platform, owner_id=owner_id, photo_ids=[photo.id], survey=PLAIN_SURVEY
        )
    assert await Analysis.find({}).count() == 0


async def test_a_worker_that_is_stopped_clears_up_what_was_deleted_under_it(
    platform: Resources, classifier: ScriptedClassifier, objects: Path
) -> None:
    """Overlays were written after the deletion, and the worker ends before it learns of it."""
    classifier.pause_s = 30
    await a_queued(platform)
    claim = await claimed(platform)
    owner_id, analysis_id = claim.analysis.owner_id, claim.analysis.id
    work = asyncio.create_task(worker._work(platform, claim))
    while not classifier.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await delete_analysis(platform, owner_id=owner_id, analysis_id=analysis_id)
    await platform.storage.put(f"{analysis_files(owner_id, analysis_id)}/crown-x.png", b"late")
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]
