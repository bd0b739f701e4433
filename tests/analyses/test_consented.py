"""Photos for training: only of people who consent now, under pseudonyms, gone when consent goes."""

import os
import subprocess
import sys
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from api import consented_photos
from api.consented_photos import GradingFolder, NotOurs, Written, write_consented
from dupi.accounts.consents import current_version, list_consenting
from dupi.accounts.models import Consent, ConsentKind, User
from dupi.accounts.service import grant_consent, withdraw_consent
from dupi.adapters.storage import FolderStorage
from dupi.analyses import consented
from dupi.analyses.consent import withdraw_sensitive_data
from dupi.analyses.models import Analysis
from dupi.analyses.service import delete_photo, request_analysis
from dupi.errors import Unavailable
from dupi.knowledge.grade_sheet import SHEET, GradeRow, read_sheet, write_sheet
from dupi.knowledge.labels import BadLabel
from dupi.knowledge.vocabulary import AgeBand, Condition, ScalpSite
from dupi.operations.audit import Act, Actor, ActorKind, AuditEvent
from dupi.resources import Resources
from dupi.settings import Settings
from tests.analyses.doubles import (
    MILD,
    SEVERE,
    ScriptedClassifier,
    a_person,
    says,
    some_photos,
)
from tests.analyses.running import GOOD, run_one
from tests.knowledge.cases import PLAIN_SURVEY
from tests.support.advisor_server import AdvisorServer

MINA = Actor(kind=ActorKind.COMMAND_LINE, name="mina")
TRAINING = ConsentKind.MODEL_TRAINING
SITES = (ScalpSite.CROWN, ScalpSite.LEFT)


async def a_contributor(platform: Resources, *sites: ScalpSite) -> tuple[str, list[str]]:
    """Someone who consents to training; ids of the person and of their photos."""
    owner_id = await a_person(platform)
    await consent(platform, owner_id)
    return owner_id, [photo.id for photo in await some_photos(platform, owner_id, *sites)]


async def consent(platform: Resources, owner_id: str) -> None:
    version = current_version(TRAINING) or ""
    await grant_consent(platform, user_id=owner_id, kind=TRAINING, document_version=version)


def sheet(folder: Path) -> list[GradeRow]:
    return read_sheet((folder / SHEET).read_bytes())


def pictures(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("photos/*")}


def grade(folder: Path) -> None:
    """An operator fills the first row in."""
    first, *others = sheet(folder)
    signed = replace(first, graded=("0", "1", "2", "3", "0", "1"), graded_by="김운영")
    (folder / SHEET).write_bytes(write_sheet([signed, *others]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "grading"


async def bring(platform: Resources, folder: Path) -> Written:
    return await write_consented(platform, GradingFolder(folder), actor=MINA)


async def test_only_people_who_consent_to_training_are_written(
    platform: Resources, folder: Path
) -> None:
    owner_id, photo_ids = await a_contributor(platform, *SITES)
    other = await a_person(platform)
    await some_photos(platform, other, ScalpSite.BACK)
    assert await bring(platform, folder) == Written(kept=2, added=2, removed=0)
    rows = sheet(folder)
    assert {row.photo for row in rows} == pictures(folder)
    assert {row.site for row in rows} == set(SITES)
    assert len({row.person for row in rows}) == 1
    assert {row.age for row in rows} == {AgeBand.THIRTIES}
    person = await User.get(owner_id)
    assert person
    text = (folder / SHEET).read_text("utf-8-sig")
    for word in (owner_id, *photo_ids, person.email, person.nickname):
        assert word not in text


async def test_the_findings_of_the_newest_analysis_are_the_proposal(
    platform: Resources, classifier: ScriptedClassifier, advisor: AdvisorServer, folder: Path
) -> None:
    owner_id, photo_ids = await a_contributor(platform, ScalpSite.CROWN, ScalpSite.LEFT)
    advisor.scripts = deque([GOOD])
    for grades in ({Condition.DANDRUFF: MILD}, {Condition.HAIR_LOSS: SEVERE}):
        classifier.answers = deque([says(grades)])
        await request_analysis(
            platform, owner_id=owner_id, photo_ids=photo_ids[:1], survey=PLAIN_SURVEY
        )
        await run_one(platform)
    assert await Analysis.find({}).count() == 2
    await bring(platform, folder)
    assert {row.site: row.proposed for row in sheet(folder)} == {
        ScalpSite.CROWN: ("0", "0", "0", "0", "0", "3"),
        ScalpSite.LEFT: ("",) * 6,
    }


async def test_a_later_run_keeps_what_the_operator_typed_and_adds_what_is_new(
    platform: Resources, folder: Path
) -> None:
    owner_id, _ = await a_contributor(platform, ScalpSite.CROWN)
    await bring(platform, folder)
    grade(folder)
    [before] = sheet(folder)
    await some_photos(platform, owner_id, ScalpSite.LEFT)
    assert await bring(platform, folder) == Written(kept=2, added=1, removed=0)
    assert before in sheet(folder)
    assert before.is_signed


async def test_what_is_withdrawn_goes_with_picture_row_and_grades(
    platform: Resources, folder: Path
) -> None:
    leaving, _ = await a_contributor(platform, ScalpSite.CROWN)
    await bring(platform, folder)
    grade(folder)
    staying, _ = await a_contributor(platform, ScalpSite.LEFT)
    await withdraw_consent(platform, user_id=leaving, kind=TRAINING)
    assert await bring(platform, folder) == Written(kept=1, added=1, removed=1)
    [row] = sheet(folder)
    assert (row.site, pictures(folder)) == (ScalpSite.LEFT, {row.photo})
    assert "김운영" not in (folder / SHEET).read_text("utf-8-sig")
    await withdraw_sensitive_data(platform, user_id=staying)
    assert await bring(platform, folder) == Written(kept=0, added=0, removed=1)


async def test_a_deleted_photo_goes(platform: Resources, folder: Path) -> None:
    owner_id, photo_ids = await a_contributor(platform, *SITES)
    await bring(platform, folder)
    await delete_photo(platform, owner_id=owner_id, photo_id=photo_ids[0])
    assert await bring(platform, folder) == Written(kept=1, added=0, removed=1)
    assert {row.photo for row in sheet(folder)} == pictures(folder)


async def test_a_consent_that_is_withdrawn_while_its_photos_are_written_counts(
    platform: Resources, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_id, _ = await a_contributor(platform, ScalpSite.CROWN)
    get = FolderStorage.get

    async def withdraw_meanwhile(self: FolderStorage, key: str) -> bytes:
        await withdraw_consent(platform, user_id=owner_id, kind=TRAINING)
        return await get(self, key)

    monkeypatch.setattr(FolderStorage, "get", withdraw_meanwhile)
    await bring(platform, folder)
    assert (sheet(folder), pictures(folder)) == ([], set())


async def test_a_run_that_cannot_look_at_everything_removes_nothing(
    platform: Resources, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_contributor(platform, ScalpSite.CROWN)
    await bring(platform, folder)
    before = ((folder / SHEET).read_bytes(), pictures(folder))
    await a_contributor(platform, ScalpSite.LEFT)

    async def away(self: FolderStorage, key: str) -> bytes:
        raise Unavailable("away", reason="storage")

    monkeypatch.setattr(FolderStorage, "get", away)
    with pytest.raises(Unavailable):
        await bring(platform, folder)
    assert ((folder / SHEET).read_bytes(), pictures(folder)) == before


async def test_who_took_how_many_is_on_record_before_the_first_picture(
    platform: Resources, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_contributor(platform, *SITES)
    await a_contributor(platform, ScalpSite.CROWN)

    def cut_off(self: GradingFolder, row: GradeRow, jpeg: bytes) -> None:
        raise OSError("no room")

    monkeypatch.setattr(GradingFolder, "put", cut_off)
    with pytest.raises(OSError, match="no room"):
        await bring(platform, folder)
    [event] = await AuditEvent.find({"act": Act.EXPORT_CONSENTED.value}).to_list()
    assert (event.actor, event.after) == (MINA, {"people": 2, "photos": 3})


async def test_a_broken_sheet_is_not_thrown_away(platform: Resources, folder: Path) -> None:
    await a_contributor(platform, ScalpSite.CROWN)
    await bring(platform, folder)
    (folder / SHEET).write_text("photo;person\n", encoding="utf-8")
    with pytest.raises(BadLabel, match="without the columns"):
        await bring(platform, folder)
    assert (folder / SHEET).read_text("utf-8") == "photo;person\n"
    assert pictures(folder)


def test_the_command_runs_on_its_own(settings: Settings, tmp_path: Path) -> None:
    given = {
        "DUPI_SECRET": settings.secret.get_secret_value(),
        "DUPI_MONGODB_URL": settings.mongodb_url,
        "DUPI_STORAGE_URL": str(tmp_path / "objects"),
    }
    command = [sys.executable, "-m", "api.consented_photos", str(tmp_path / "grading")]
    said = subprocess.check_output(command, env=os.environ | given, text=True)
    assert "photos, 0 new, 0 removed" in said
    assert sheet(tmp_path / "grading") == []


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(NotOurs):
        GradingFolder(tmp_path)


@pytest.mark.parametrize("left", [(), (".pseudonyms.key.partial",)])
def test_a_run_that_was_cut_off_early_does_not_lock_the_folder(
    folder: Path, left: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However early: before the key, its file half written, or right after it."""

    def cut_off(path: Path, content: bytes) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no room"):
        patch.setattr(consented_photos, "_replace", cut_off)
        GradingFolder(folder)
    for name in left:
        (folder / name).write_bytes(b"half")
    assert GradingFolder(folder).pseudonym("photo", "x")


def test_nobody_else_can_read_the_folder(folder: Path) -> None:
    GradingFolder(folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / ".pseudonyms.key").stat().st_mode & 0o077 == 0


def test_another_folder_has_other_pseudonyms(tmp_path: Path) -> None:
    one, other = GradingFolder(tmp_path / "a"), GradingFolder(tmp_path / "b")
    assert one.pseudonym("person", "x") != other.pseudonym("person", "x")
    assert one.pseudonym("person", "x") == GradingFolder(tmp_path / "a").pseudonym("person", "x")


async def test_people_are_listed_page_by_page_and_only_while_they_consent(
    platform: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [(await a_contributor(platform))[0] for _ in range(5)]
    await withdraw_consent(platform, user_id=people[1], kind=TRAINING)
    await Consent.get_pymongo_collection().update_one(
        {"slot": f"{people[2]}:{TRAINING}"}, {"$set": {"document_version": "2019-01"}}
    )
    await withdraw_consent(platform, user_id=people[3], kind=TRAINING)
    await consent(platform, people[3])
    page, after = await list_consenting(TRAINING, after=None, at_most=2)
    assert page == people[:1]
    assert after is not None
    everyone, _ = await list_consenting(TRAINING, after=None, at_most=100)
    assert people[2] not in everyone
    without_the_other_consent = await a_person(platform, consenting=False)
    await consent(platform, without_the_other_consent)
    monkeypatch.setattr(consented, "_PAGE", 2)
    found = [user_id async for user_id in consented.consenting_people(platform)]
    assert sorted(found) == sorted([people[0], people[3], people[4]])
