"""What a person can do with photos and analyses. Everything checks whose it is.

What is absent, foreign or being deleted is ``NotFound``, all alike.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dupi.accounts.service import get_user
from dupi.adapters.hints import QUEUE_CHANNEL
from dupi.analyses.capacity import refuse_overload
from dupi.analyses.control import cancel_analysis, retry_analysis
from dupi.analyses.deleting import delete_analysis_record, forget_person
from dupi.analyses.history import AnalysisFilter, get_analyses, list_analyses
from dupi.analyses.models import Analysis, AnalysisStatus, Person, Photo, StatusChanged
from dupi.analyses.photos import (
    DeletedPhoto,
    PhotoFilter,
    delete_photo,
    get_photo,
    get_photos,
    list_photos,
    require_sensitive_consent,
    upload_photo,
)
from dupi.analyses.progress import ProgressUpdate, follow_progress
from dupi.clock import epoch_ms, utc_now
from dupi.documents import plain
from dupi.errors import (
    Conflict,
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotFound,
)
from dupi.idempotency import fingerprint, once
from dupi.ids import sort_key
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import AgeBand, ScalpSite
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

__all__ = [
    "AnalysisFilter",
    "DeletedPhoto",
    "PhotoFilter",
    "ProgressUpdate",
    "cancel_analysis",
    "delete_analysis",
    "delete_photo",
    "follow_progress",
    "forget_person",
    "get_analyses",
    "get_analysis",
    "get_photo",
    "get_photos",
    "list_analyses",
    "list_photos",
    "request_analysis",
    "retry_analysis",
    "upload_photo",
]

MAX_PHOTOS: Final = len(ScalpSite)
_KEPT: Final = {"keeping": Keeping.KEPT.value}
_LIST_FIELDS: Final = ("products", "symptoms", "circumstances")


@dataclass(frozen=True, slots=True)
class _Request:
    owner_id: str
    photo_ids: list[str]
    survey: SurveyAnswers
    request_id: str | None


async def request_analysis(  # noqa: PLR0913
    resources: "Resources",
    *,
    owner_id: str,
    photo_ids: list[str],
    survey: SurveyAnswers,
    idempotency_key: str | None = None,
    request_id: str | None = None,
) -> Analysis:
    """Queue an analysis of one to four photos, one a site.

    Raises ConsentRequired, InvalidInput, NotFound (a photo), Conflict (key), RateLimited (too many
    of this person's running), Unavailable (queue full).
    """
    _check_input(photo_ids, survey)
    resources.admission.refuse_crowd()  # before the store is asked for anything
    await require_sensitive_consent(resources, owner_id)
    request = _Request(owner_id, photo_ids, survey, request_id)
    return await once(
        person_id=owner_id,
        operation="requestAnalysis",
        key=idempotency_key,
        fingerprint=fingerprint(photo_ids, plain(survey)),
        make=partial(_enqueue, resources, request),
        find=lambda found: get_analysis(resources, owner_id=owner_id, analysis_id=found),
    )


async def get_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> Analysis:
    """The analysis without its events. Raises NotFound."""
    row = await Analysis.get_pymongo_collection().find_one(
        {"_id": analysis_id, "owner_id": owner_id} | _KEPT, {"events": 0}
    )
    if row is None:
        raise NotFound(f"no analysis {analysis_id}")
    analysis: Analysis = Analysis.model_validate(row)
    return analysis


async def delete_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> str:
    """Delete an analysis and its files; its id. Raises NotFound."""
    if not await delete_analysis_record(resources, owner_id=owner_id, analysis_id=analysis_id):
        raise NotFound(f"no analysis {analysis_id}")
    return analysis_id


def _check_input(photo_ids: Sequence[str], survey: SurveyAnswers) -> None:
    problems = list(_repeated(("photoIds",), photo_ids))
    if not photo_ids:
        problems.append(FieldProblem(("photoIds",), FieldErrorCode.TOO_FEW))
    if len(photo_ids) > MAX_PHOTOS:
        problems = [FieldProblem(("photoIds",), FieldErrorCode.TOO_MANY)]
    for field in _LIST_FIELDS:
        problems += _repeated(("survey", field), getattr(survey, field))
    if problems:
        raise InvalidInput(problems)


def _repeated(path: tuple[str, ...], values: Iterable[str]) -> Iterable[FieldProblem]:
    """A problem for each value that stood before in the list."""
    seen: Counter[str] = Counter()
    for index, value in enumerate(values):
        if seen[value]:
            yield FieldProblem((*path, str(index)), FieldErrorCode.DUPLICATE)
        seen[value] += 1


async def _enqueue(resources: "Resources", request: _Request, analysis_id: str) -> Analysis:
    if made := await Analysis.get_pymongo_collection().find_one({"_id": analysis_id}):
        return _made_before(made)  # by a call that was cut off after that
    photos = await _photos_of(resources, request)
    analysis = await _record(resources, request, photos, analysis_id)
    async with refuse_overload(resources, request.owner_id):
        await analysis.insert()
    await _refuse_deleted_meanwhile(resources, analysis)
    await resources.hints.publish(QUEUE_CHANNEL)
    return analysis


def _made_before(row: Mapping[str, Any]) -> Analysis:
    """Raises Conflict where it is being deleted already."""
    if row["keeping"] != Keeping.KEPT.value:
        raise Conflict("what this key made is gone", reason="idempotency_key")
    return Analysis.from_row(row)


async def _photos_of(resources: "Resources", request: _Request) -> list[Photo]:
    photos = await get_photos(resources, owner_id=request.owner_id, photo_ids=request.photo_ids)
    if len(photos) < len(request.photo_ids):
        raise NotFound("no such photo")
    if problems := list(_repeated(("photoIds",), [photo.site for photo in photos])):
        raise InvalidInput(problems, "one photo a site")
    return photos


async def _record(
    resources: "Resources", request: _Request, photos: Sequence[Photo], analysis_id: str
) -> Analysis:
    now = utc_now()
    user = await get_user(resources, user_id=request.owner_id)
    deadline_ms = round(resources.settings.analyses.deadline_seconds * 1000)
    queued = StatusChanged(sequence=1, at=now, status=AnalysisStatus.QUEUED, progress=0.0)
    return Analysis(
        id=analysis_id,
        owner_id=request.owner_id,
        photo_ids=request.photo_ids,
        sites=[photo.site for photo in photos],
        survey=request.survey,
        person=Person(
            age_band=AgeBand.of(birth_year=user.birth_year, year=now.year), gender=user.gender
        ),
        deadline_at_ms=epoch_ms(now) + deadline_ms,
        events={"1": queued},
        next_sequence=2,
        request_id=request.request_id,
        created_at=now,
        sort_key=sort_key(now, analysis_id),
    )


async def _refuse_deleted_meanwhile(resources: "Resources", analysis: Analysis) -> None:
    """Deleting a photo, or all of a person, removes the analyses that are there then: look again
    now that this one is there."""
    owner_id = analysis.owner_id
    photos = await get_photos(resources, owner_id=owner_id, photo_ids=analysis.photo_ids)
    if len(photos) < len(analysis.photo_ids):
        await delete_analysis_record(resources, owner_id=owner_id, analysis_id=analysis.id)
        raise NotFound("no such photo")
