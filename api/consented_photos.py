"""Writes photos of people who consent to training into a folder, for an operator to grade.

    python -m api.consented_photos FOLDER

``photos/`` holds the pictures under pseudonyms, ``grades.csv`` a row for each: what the models
found as a proposal, and empty columns for the operator's grades and signature, which later runs
keep. A later run adds what is new, and removes what was deleted or is no longer consented to:
picture, row and grades. The pseudonyms come from a key that lies in the folder alone. Nothing is
removed by a run that could not look at everything. Each run is on record: who, when, and of how
many people and photos.
"""

import argparse
import asyncio
import hmac
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymongo.errors import PyMongoError

from dupi.accounts.models import ConsentKind
from dupi.analyses.consented import (
    ConsentedPhoto,
    consenting_people,
    consents_to_training,
    count_photos_of_person,
    photos_of_person,
)
from dupi.errors import NotFound, Unavailable
from dupi.ids import new_id
from dupi.knowledge.grade_sheet import PHOTOS, SHEET, GradeRow, read_sheet, write_sheet
from dupi.knowledge.labels import BadLabel
from dupi.knowledge.vocabulary import Condition
from dupi.logs import get_logger, set_up_logs
from dupi.operations.audit import Act, Actor, AuditEvent, record
from dupi.resources import Resources, open_resources
from dupi.settings import load_settings
from dupi.store import store_errors

_KEY: Final = ".pseudonyms.key"
_KEY_BYTES: Final = 32
_PSEUDONYM_DIGITS: Final = 24

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """How many photos the folder holds now, and how many of them came and went."""

    kept: int
    added: int
    removed: int


class NotOurs(ValueError):
    """The folder holds something else: nothing in it is touched."""


class GradingFolder:
    """Whoever reads it must be trusted with health data: only its owner can."""

    def __init__(self, path: Path) -> None:
        """Raises NotOurs."""
        self._path, self._photos, key = path, path / PHOTOS, path / _KEY
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not key.exists() and set(path.iterdir()) - {_partial(key)}:
            raise NotOurs(f"{path} holds something else: name a new folder")
        path.chmod(0o700)
        if not key.exists():  # before all else: by it a run that was cut off knows its folder again
            _replace(key, secrets.token_bytes(_KEY_BYTES))
        self._photos.mkdir(exist_ok=True, mode=0o700)
        self._key = key.read_bytes()

    def pseudonym(self, kind: str, record_id: str) -> str:
        """The same in every run; in another folder, another one."""
        digest = hmac.new(self._key, f"{kind} {record_id}".encode(), "sha256").hexdigest()
        return digest[:_PSEUDONYM_DIGITS]

    def row_of(self, photo: ConsentedPhoto) -> GradeRow:
        return GradeRow(
            photo=self.pseudonym("photo", photo.id),
            person=self.pseudonym("person", photo.owner_id),
            site=photo.site,
            age=photo.age,
            gender=photo.gender,
            proposed=tuple(_cell(photo, condition) for condition in Condition),
        )

    def holds(self, row: GradeRow) -> bool:
        return self._picture(row).exists()

    def put(self, row: GradeRow, jpeg: bytes) -> None:
        _replace(self._picture(row), jpeg)

    def finish(self, rows: dict[str, GradeRow]) -> int:
        """Write the sheet, with what the operator has typed until now, and remove all else; how
        many pictures went."""
        typed = {row.photo: row for row in self._sheet()}
        whole = [row.with_answers_of(typed.get(name)) for name, row in rows.items()]
        _replace(self._path / SHEET, write_sheet(whole))
        others = [one for one in self._photos.iterdir() if one.stem not in rows]
        for picture in others:
            picture.unlink()
        return sum(picture.suffix == ".jpg" for picture in others)

    def _sheet(self) -> list[GradeRow]:
        """Raises BadLabel where it is broken: what was typed is not thrown away."""
        sheet = self._path / SHEET
        return read_sheet(sheet.read_bytes()) if sheet.exists() else []

    def _picture(self, row: GradeRow) -> Path:
        return self._photos / f"{row.photo}.jpg"


def _cell(photo: ConsentedPhoto, condition: Condition) -> str:
    grade = photo.grades.get(condition)
    return "" if grade is None else str(int(grade))


def _replace(path: Path, content: bytes) -> None:
    """Whoever reads sees all of it or what was there before."""
    partial = _partial(path)
    partial.touch(mode=0o600)
    partial.write_bytes(content)
    partial.replace(path)


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.partial")


async def write_consented(resources: Resources, folder: GradingFolder, *, actor: Actor) -> Written:
    """Bring ``folder`` up to date; rows and one picture are in memory at a time. Who does so is on
    record before the first picture is written.

    Raises Unavailable where store or storage is away, BadLabel where the sheet is broken; then
    nothing has been removed.
    """
    rows: dict[str, GradeRow] = {}
    added = 0
    await _record(resources, actor)
    async for user_id in consenting_people(resources):
        theirs, new = await _write_person(resources, folder, user_id)
        if await consents_to_training(resources, user_id=user_id):  # still, after the writing
            rows |= theirs
            added += new
    return Written(kept=len(rows), added=added, removed=folder.finish(rows))


async def _record(resources: Resources, actor: Actor) -> None:
    photos = [
        await count_photos_of_person(user_id=user_id)
        async for user_id in consenting_people(resources)
    ]
    await record(
        AuditEvent(
            id=new_id(),
            act=Act.EXPORT_CONSENTED,
            object_kind="Consent",
            object_id=ConsentKind.MODEL_TRAINING.value,
            actor=actor,
            after={"people": len(photos), "photos": sum(photos)},
        )
    )


async def _write_person(
    resources: Resources, folder: GradingFolder, user_id: str
) -> tuple[dict[str, GradeRow], int]:
    """Rows by pseudonym, and how many pictures are new."""
    rows, added = {}, 0
    for photo in await photos_of_person(user_id=user_id):
        row = folder.row_of(photo)
        if not folder.holds(row):
            try:
                folder.put(row, await resources.storage.get(photo.image_key))
            except NotFound:  # deleted meanwhile
                continue
            added += 1
        rows[row.photo] = row
    return rows, added


async def _run(path: Path) -> Written:
    settings = load_settings()
    set_up_logs(settings.logs)
    folder = GradingFolder(path)
    async with open_resources(settings) as resources:
        with store_errors():
            written = await write_consented(resources, folder, actor=Actor.at_command_line())
    log.info("consented_photos_written", **{k: getattr(written, k) for k in Written.__slots__})
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    try:
        written = asyncio.run(_run(given.folder))
    except (NotOurs, Unavailable, BadLabel, PyMongoError) as fault:
        raise SystemExit(f"{fault}; nothing was removed") from None
    sys.stdout.write(f"{written.kept} photos, {written.added} new, {written.removed} removed\n")


if __name__ == "__main__":
    main()
