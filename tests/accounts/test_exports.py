"""An archive holds all that is kept of a person, and nothing that opens anything."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dupi.accounts import exports, service
from dupi.accounts.archive import Part, Rows, StoredFile
from dupi.accounts.export_models import DataExport, DataExportStatus
from dupi.accounts.exports import request_data_export
from dupi.adapters.limits import LocalRateLimits
from dupi.analyses.models import Photo
from dupi.errors import Conflict, NotFound, RateLimited
from dupi.resources import Resources
from tests.accounts.archives import made, opened, rows_of_person
from tests.accounts.lives import a_life
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.doubles import a_person
from tests.analyses.running import GOOD
from tests.support.advisor_server import AdvisorServer

__all__ = ["advisor", "classifier", "deployment", "platform"]

SECRETS = ("password_hash", "reset_hash", "verify_hash", "refresh_hash", "family")


@pytest.fixture(autouse=True)
def good_advice(advisor: AdvisorServer) -> None:
    advisor.scripts.append(GOOD)


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


async def test_every_document_of_the_person_is_in_it(platform: Resources) -> None:
    await a_life(platform)
    user_id, _ = await a_life(platform)
    export = await made(platform, user_id)
    assert (export.status, export.progress) == (DataExportStatus.READY, 1.0)
    archive = await opened(platform, export)
    assert archive.testzip() is None
    lists = [name for name in archive.namelist() if name.endswith(".json")]
    exported = {row["_id"]: row for name in lists for row in json.loads(archive.read(name))}
    stored = await rows_of_person(user_id)
    assert set(exported) == set(stored)
    for record_id, row in stored.items():
        left_out = set(row) - set(exported[record_id])
        assert left_out <= {*SECRETS, "mails", "key"}, record_id


async def test_photos_and_attention_maps_are_in_it_byte_by_byte(platform: Resources) -> None:
    user_id, _ = await a_life(platform)
    archive = await opened(platform, await made(platform, user_id))
    [photo] = await Photo.find({"owner_id": user_id}).to_list()
    assert archive.read(f"photos/{photo.id}.jpg") == await platform.storage.get(photo.image_key)
    maps = [name for name in archive.namelist() if name.startswith("attention_maps/")]
    assert len(maps) == 6
    assert archive.read(maps[0]).startswith(b"\x89PNG")


async def test_nothing_that_opens_anything_is_in_it(platform: Resources) -> None:
    user_id, _ = await a_life(platform)
    user = await service.get_user(platform, user_id=user_id)
    await service.request_password_reset(platform, email=user.email)
    archive = await opened(platform, await made(platform, user_id))
    text = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    rows = (await rows_of_person(user_id)).values()
    hidden = [str(row[name]) for row in rows for name in SECRETS if row.get(name)]
    hidden += [mail["nonce"] for row in rows for mail in row.get("mails", {}).values()]
    assert len(hidden) > 5
    assert not [value for value in hidden if value in text]


async def test_nothing_of_others_is_in_it(platform: Resources) -> None:
    _, words = await a_life(platform)
    user_id, _ = await a_life(platform)
    archive = await opened(platform, await made(platform, user_id))
    text = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert not [word for word in [*words, *archive.namelist()] if word in text and word in words]


async def test_one_at_a_time(platform: Resources) -> None:
    user_id = await a_person(platform)
    tries = [request_data_export(platform, user_id=user_id) for _ in range(3)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    [first] = [outcome for outcome in outcomes if isinstance(outcome, DataExport)]
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 2
    with pytest.raises(Conflict) as refused:
        await request_data_export(platform, user_id=user_id)
    assert refused.value.current_id == first.id


async def test_a_few_a_day(platform: Resources) -> None:
    few = replace(platform, limits=LocalRateLimits())
    user_id = await a_person(few)
    for _ in range(few.settings.accounts.exports_per_person):
        await made(few, user_id)
    with pytest.raises(RateLimited):
        await request_data_export(few, user_id=user_id)
    assert len(await exports.list_data_exports(user_id=user_id)) == 3


async def test_a_key_asks_once(platform: Resources) -> None:
    user_id = await a_person(platform)
    asked = [
        await request_data_export(platform, user_id=user_id, idempotency_key="k") for _ in range(2)
    ]
    assert asked[0].id == asked[1].id


async def test_only_its_owner_finds_it(platform: Resources) -> None:
    user_id, other = await a_person(platform), await a_person(platform)
    export = await made(platform, user_id)
    with pytest.raises(NotFound):
        await exports.get_data_export(user_id=other, export_id=export.id)
    assert await exports.list_data_exports(user_id=other) == []


async def slow(resources: Resources, user_id: str) -> AsyncIterator[Part]:
    async def rows() -> AsyncIterator[dict[str, Any]]:
        for number in range(3):
            await asyncio.sleep(0)
            yield {"_id": f"{number}"}

    yield Rows("slow", rows)
    yield StoredFile("gone.jpg", "photos/nobody/nothing/original.jpg")


async def test_a_file_that_has_gone_meanwhile_is_left_out(platform: Resources) -> None:
    user_id = await a_person(platform)
    archive = await opened(platform, await made(replace(platform, exporters=(slow,)), user_id))
    assert archive.namelist() == ["slow.json"]
    assert len(json.loads(archive.read("slow.json"))) == 3
