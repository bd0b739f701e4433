"""Photos whose owners consent to the training of models, with what was found on them.

A person's photos come only while both consents hold: the one to the handling of sensitive data and
the one to training. Whoever copies them asks once more afterwards, and copies nothing that says
who the person is.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pymongo import ASCENDING, DESCENDING

from dupi.accounts.consents import list_consenting
from dupi.accounts.models import ConsentKind, User
from dupi.accounts.service import has_consent
from dupi.analyses.models import Analysis, Photo, PhotoFindingsRecord
from dupi.clock import utc_now
from dupi.knowledge.vocabulary import AgeBand, Condition, Gender, ScalpSite, Severity
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_PAGE: Final = 100
_KEPT: Final = {"keeping": Keeping.KEPT.value}
_NEEDED: Final = (ConsentKind.SENSITIVE_DATA, ConsentKind.MODEL_TRAINING)

Grades = dict[Condition, Severity]


@dataclass(frozen=True, slots=True)
class ConsentedPhoto:
    """``grades``: of the newest analysis of this photo, without conditions that abstained.
    ``age``: the band this year, None where the account has gone meanwhile."""

    id: str
    owner_id: str
    site: ScalpSite
    age: AgeBand | None
    gender: Gender | None
    grades: Grades
    image_key: str


async def consents_to_training(resources: "Resources", *, user_id: str) -> bool:
    for kind in _NEEDED:
        if not await has_consent(resources, user_id=user_id, kind=kind):
            return False
    return True


async def consenting_people(resources: "Resources") -> AsyncIterator[str]:
    """Ids of people whose consents hold now; a page of consents in memory at a time."""
    after: str | None = None
    while True:
        people, after = await list_consenting(_NEEDED[-1], after=after, at_most=_PAGE)
        for user_id in people:
            if await consents_to_training(resources, user_id=user_id):
                yield user_id
        if after is None:
            return


async def count_photos_of_person(*, user_id: str) -> int:
    return await Photo.find({"owner_id": user_id} | _KEPT).count()


async def photos_of_person(*, user_id: str) -> list[ConsentedPhoto]:
    """Oldest first. Neither e-mail nor nickname is read."""
    about = await User.get_pymongo_collection().find_one(
        {"_id": user_id}, {"birth_year": 1, "gender": 1}
    )
    age = about and AgeBand.of(birth_year=about["birth_year"], year=utc_now().year)
    gender = Gender(about["gender"]) if about and about.get("gender") else None
    grades = await _newest_grades(user_id)
    return [
        ConsentedPhoto(
            id=photo.id,
            owner_id=user_id,
            site=photo.site,
            age=age or None,
            gender=gender,
            grades=grades.get(photo.id, {}),
            image_key=photo.image_key,
        )
        async for photo in _photos(user_id)
    ]


async def _photos(user_id: str) -> AsyncIterator[Photo]:
    rows = Photo.get_pymongo_collection().find({"owner_id": user_id} | _KEPT)
    async for row in rows.sort("sort_key", ASCENDING).batch_size(_PAGE):
        yield Photo.from_row(row)


async def _newest_grades(user_id: str) -> dict[str, Grades]:
    """By photo."""
    grades: dict[str, Grades] = {}
    fields = {"photo_findings": 1, "sort_key": 1}
    rows = Analysis.get_pymongo_collection().find({"owner_id": user_id} | _KEPT, fields)
    async for row in rows.sort("sort_key", DESCENDING).batch_size(_PAGE):
        for found in _findings(row):
            grades.setdefault(found.photo_id, _grades(found))
    return grades


def _findings(row: dict[str, Any]) -> list[PhotoFindingsRecord]:
    return [PhotoFindingsRecord.model_validate(one) for one in row.get("photo_findings") or ()]


def _grades(found: PhotoFindingsRecord) -> Grades:
    return {one.condition: one.severity for one in found.findings if one.severity is not None}
