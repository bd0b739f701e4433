"""Histories: photos and finished analyses put into the store as they would lie there."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dupi.adapters.triton import Classification
from dupi.analyses.grading import grade_photo, overall
from dupi.analyses.models import (
    AdviceRecord,
    AdviceSource,
    Analysis,
    AnalysisStatus,
    Person,
    Photo,
    PhotoFindingsRecord,
)
from dupi.ids import new_id, sort_key
from dupi.knowledge.vocabulary import AgeBand, Condition, Gender, ScalpSite
from tests.analyses.doubles import says
from tests.knowledge.cases import PLAIN_SURVEY

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
GOOD_QUALITY = 0.8
THRESHOLD = 0.5
Sites = Mapping[ScalpSite, Classification]


def day(number: int) -> datetime:
    return START + timedelta(days=number)


async def a_photo(
    owner_id: str, site: ScalpSite, at: datetime, *, quality: float = GOOD_QUALITY
) -> Photo:
    photo_id = new_id()
    files = f"photos/{owner_id}/{photo_id}"
    photo = Photo(
        id=photo_id,
        owner_id=owner_id,
        site=site,
        width=640,
        height=480,
        quality=quality,
        image_key=f"{files}/original.jpg",
        thumbnail_key=f"{files}/thumbnail.jpg",
        created_at=at,
        sort_key=sort_key(at, photo_id),
    )
    return await photo.insert()


async def an_analysis(  # noqa: PLR0913
    owner_id: str,
    at: datetime,
    sites: Sites | None = None,
    *,
    quality: float = GOOD_QUALITY,
    status: AnalysisStatus = AnalysisStatus.COMPLETED,
    version: str = "4",
) -> Analysis:
    """One of these photos; ``sites``: what the models said of each (the crown, nothing found)."""
    said = sites or {ScalpSite.CROWN: says()}
    photos = [await a_photo(owner_id, site, at, quality=quality) for site in said]
    graded = [_graded(photo, said[photo.site], version) for photo in photos]
    analysis_id = new_id()
    analysis = Analysis(
        id=analysis_id,
        owner_id=owner_id,
        status=status,
        progress=1.0,
        photo_ids=[photo.id for photo in photos],
        sites=[photo.site for photo in photos],
        survey=PLAIN_SURVEY,
        person=Person(age_band=AgeBand.THIRTIES, gender=Gender.FEMALE),
        photo_findings=tuple(graded),
        findings=overall(graded),
        advice=AdviceRecord(
            source=AdviceSource.RULES, sections=(), text="쉬어요.", model=None, model_version=None
        ),
        deadline_at_ms=0,
        created_at=at,
        completed_at=at,
        sort_key=sort_key(at, analysis_id),
    )
    return await analysis.insert()


async def a_series(owner_id: str, *grades: int) -> list[Analysis]:
    """An analysis a day of the crown, with these grades of dandruff."""
    return [
        await an_analysis(owner_id, day(number), {ScalpSite.CROWN: says({Condition.DANDRUFF: one})})
        for number, one in enumerate(grades)
    ]


def _graded(photo: Photo, said: Classification, version: str) -> PhotoFindingsRecord:
    found = grade_photo(photo, said, in_domain_from=0.5, abstain_below=lambda _: THRESHOLD)
    findings = tuple(
        finding.model_copy(update={"model_version": version}) for finding in found.findings
    )
    return found.model_copy(update={"findings": findings})
