"""An archive goes in time, and with whatever it holds a copy of."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.upkeep import make_exports_until, sweep
from dupi.accounts import exports, service
from dupi.accounts.archive import Part
from dupi.accounts.export_models import DataExport, DataExportStatus
from dupi.accounts.exports import make_next_export, request_data_export
from dupi.adapters.storage import FolderStorage
from dupi.analyses.consent import withdraw_sensitive_data
from dupi.analyses.models import Photo
from dupi.analyses.orphans import OrphanSweep
from dupi.analyses.service import delete_analysis, delete_photo
from dupi.errors import NotFound, Unauthenticated
from dupi.resources import Resources
from tests.accounts.archives import made, rows_of_person
from tests.accounts.lives import PASSWORD, a_life, leave, settle
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.doubles import a_person
from tests.analyses.running import GOOD
from tests.support.advisor_server import AdvisorServer
from tests.support.patience import HANGS_AFTER_S
from tests.support.traces import traces_of

__all__ = ["advisor", "classifier", "deployment", "platform"]


@pytest.fixture(autouse=True)
def good_advice(advisor: AdvisorServer) -> None:
    advisor.scripts.append(GOOD)


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


async def test_it_goes_when_it_is_over(platform: Resources, objects: Path) -> None:
    user_id = await a_person(platform)
    export = await made(platform, user_id)
    await sweep(platform, OrphanSweep())
    assert await platform.storage.size(export.key) == export.size_bytes
    await DataExport.get_pymongo_collection().update_one(
        {"_id": export.id}, {"$set": {"expires_at_ms": 1}}
    )
    await sweep(platform, OrphanSweep())
    assert await traces_of([export.id], platform.database, objects) == []


async def test_it_goes_with_the_account(platform: Resources, objects: Path) -> None:
    user_id, words = await a_life(platform)
    export = await made(platform, user_id)
    await leave(platform, user_id)
    await settle(platform)
    assert await traces_of([*words, export.id], platform.database, objects) == []


@pytest.mark.parametrize("what", ["photo", "analysis", "consent"])
async def test_it_goes_with_what_it_holds_a_copy_of(platform: Resources, what: str) -> None:
    user_id, _ = await a_life(platform)
    export = await made(platform, user_id)
    [photo] = await Photo.find({"owner_id": user_id}).to_list()
    if what == "photo":
        await delete_photo(platform, owner_id=user_id, photo_id=photo.id)
    elif what == "analysis":
        rows = await rows_of_person(user_id)
        analysis_id = next(row["_id"] for row in rows.values() if "photo_ids" in row)
        await delete_analysis(platform, owner_id=user_id, analysis_id=analysis_id)
    else:
        await withdraw_sensitive_data(platform, user_id=user_id)
    with pytest.raises(NotFound):
        await platform.storage.get(export.key)
    assert await exports.list_data_exports(user_id=user_id) == []


async def test_what_is_deleted_while_it_is_made_is_made_in_vain(
    platform: Resources, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await a_person(platform)
    put_stream = FolderStorage.put_stream

    async def leave_meanwhile(self: FolderStorage, key: str, chunks: Any) -> int:
        size = await put_stream(self, key, chunks)
        await leave(platform, user_id)
        await self.put(key, b"written behind the erasers' back")
        return size

    monkeypatch.setattr(FolderStorage, "put_stream", leave_meanwhile)
    export = await request_data_export(platform, user_id=user_id)
    assert await make_next_export(platform)
    await settle(platform)
    assert await traces_of([user_id, export.id], platform.database, objects) == []


async def test_an_exporter_that_fails_is_tried_again_then_given_up(platform: Resources) -> None:
    user_id = await a_person(platform)

    async def broken(resources: Resources, user_id: str) -> AsyncIterator[Part]:
        raise RuntimeError("broken")
        yield

    failing = replace(platform, exporters=(broken,))
    export = await request_data_export(failing, user_id=user_id)
    for _ in range(5):
        assert await make_next_export(failing)
        assert not await make_next_export(failing)  # it is left alone for a while
        await DataExport.get_pymongo_collection().update_many(
            {}, {"$set": {"lease_expires_at_ms": 0}}
        )
    found = await exports.get_data_export(user_id=user_id, export_id=export.id)
    assert (found.status, found.key) == (DataExportStatus.FAILED, "")
    assert found.expires_at_ms > 0
    assert await made(platform, user_id)  # the way is free


async def test_who_has_left_asks_for_nothing(platform: Resources) -> None:
    user_id = await a_person(platform)
    await service.delete_account(platform, user_id=user_id, password=PASSWORD)
    with pytest.raises(Unauthenticated):
        await request_data_export(platform, user_id=user_id)


async def test_a_worker_makes_it_at_once(platform: Resources) -> None:
    user_id, stop = await a_person(platform), asyncio.Event()
    work = asyncio.create_task(make_exports_until(platform, stop))
    await asyncio.sleep(0)
    await request_data_export(platform, user_id=user_id)
    async with asyncio.timeout(HANGS_AFTER_S):
        while True:
            [export] = await exports.list_data_exports(user_id=user_id)
            if export.status is DataExportStatus.READY:
                break
            await asyncio.sleep(0.01)
        stop.set()
        await work
