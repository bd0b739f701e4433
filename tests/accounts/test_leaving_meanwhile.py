"""Nothing is left by what was under way while a person left."""

import asyncio
from pathlib import Path

import pytest

from api import worker
from dupi.accounts import service
from dupi.accounts.models import Consent, ConsentKind, Session
from dupi.accounts.passwords import PasswordHasher
from dupi.analyses.models import Photo
from dupi.analyses.service import request_analysis
from dupi.errors import ConsentRequired, Unauthenticated
from dupi.knowledge.vocabulary import ScalpSite
from dupi.resources import Resources
from dupi.vision.decoder import ImageDecoder
from dupi.vision.images import UprightPhoto
from tests.accounts.lives import PASSWORD, leave, settle
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.doubles import ScriptedClassifier, a_person, some_photos
from tests.analyses.running import claimed
from tests.knowledge.cases import PLAIN_SURVEY
from tests.support.traces import traces_of

__all__ = ["advisor", "classifier", "deployment", "platform"]


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


async def test_a_running_analysis_goes_too(
    platform: Resources, classifier: ScriptedClassifier, objects: Path
) -> None:
    classifier.pause_s = 30
    user_id = await a_person(platform)
    [photo] = await some_photos(platform, user_id, ScalpSite.CROWN)
    analysis = await request_analysis(
        platform, owner_id=user_id, photo_ids=[photo.id], survey=PLAIN_SURVEY
    )
    work = asyncio.create_task(worker._work(platform, await claimed(platform)))
    while not classifier.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await leave(platform, user_id)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await settle(platform)
    words = [user_id, photo.id, analysis.id]
    assert await traces_of(words, platform.database, objects) == []


async def test_an_upload_under_way_leaves_nothing(
    platform: Resources, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await a_person(platform)
    read_photo = ImageDecoder.read_photo

    async def leave_meanwhile(self: ImageDecoder, data: bytes) -> UprightPhoto:
        await leave(platform, user_id)
        return await read_photo(self, data)

    monkeypatch.setattr(ImageDecoder, "read_photo", leave_meanwhile)
    with pytest.raises(ConsentRequired):
        await some_photos(platform, user_id, ScalpSite.CROWN)
    await settle(platform)
    assert await traces_of([user_id], platform.database, objects) == []
    assert await Photo.find({}).count() == 0


async def test_a_log_in_and_a_consent_under_way_leave_nothing(
    platform: Resources, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await a_person(platform, consenting=False)
    email = (await service.get_user(platform, user_id=user_id)).email
    matches = PasswordHasher.matches

    async def leave_meanwhile(self: PasswordHasher, password: str, stored: str | None) -> bool:
        monkeypatch.setattr(PasswordHasher, "matches", matches)
        await leave(platform, user_id)
        return await self.matches(password, stored)

    monkeypatch.setattr(PasswordHasher, "matches", leave_meanwhile)
    late = await service.log_in(platform, email=email, password=PASSWORD)
    with pytest.raises(Unauthenticated):
        await service.authenticate(platform, access_token=late.access_token)
    late_consent = Consent(
        user_id=user_id,
        kind=ConsentKind.MODEL_TRAINING,
        document_version="1",
        slot="s",
        sort_key="1",
    )
    await late_consent.insert()
    await settle(platform)
    assert await traces_of([user_id], platform.database, objects) == []
    assert await Session.count() == 0
