"""What a person can do with photos and analyses. Everything checks whose it is.

What is absent, foreign or being deleted is ``NotFound``, all alike.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dupi.analyses.models import Analysis, AnalysisStatus, AnyEvent, Photo
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import ScalpSite
from dupi.paging import Page, PageRequest

if TYPE_CHECKING:
    from dupi.resources import Resources


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """``since`` is inclusive, ``until`` exclusive."""

    site: ScalpSite | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnalysisFilter:
    """``since`` is inclusive, ``until`` exclusive; ``site``: one of the sites it covers."""

    status: AnalysisStatus | None = None
    site: ScalpSite | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeletedPhoto:
    photo_id: str
    analysis_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """One event, and the analysis as it stood when the event was read (findings, plan, …)."""

    event: AnyEvent
    analysis: Analysis


async def upload_photo(
    resources: "Resources",
    *,
    owner_id: str,
    data: bytes,
    site: ScalpSite,
    idempotency_key: str | None = None,
) -> Photo:
    """Check, store and record one photo.

    Raises ConsentRequired, UnsupportedImage, PoorImage, Unavailable, RateLimited, Conflict.
    """
    raise NotImplementedError


async def get_photo(resources: "Resources", *, owner_id: str, photo_id: str) -> Photo:
    raise NotImplementedError


async def get_photos(resources: "Resources", *, owner_id: str, photo_ids: list[str]) -> list[Photo]:
    """The owner's photos of these ids, in this order; what is not there is left out."""
    raise NotImplementedError


async def list_photos(
    resources: "Resources",
    *,
    owner_id: str,
    page: PageRequest,
    where: PhotoFilter = PhotoFilter(),
) -> Page[Photo]:
    """Newest first."""
    raise NotImplementedError


async def delete_photo(resources: "Resources", *, owner_id: str, photo_id: str) -> DeletedPhoto:
    """Delete a photo, the analyses that use it and every derived file."""
    raise NotImplementedError


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
    raise NotImplementedError


async def get_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> Analysis:
    """The analysis without its events."""
    raise NotImplementedError


async def list_analyses(
    resources: "Resources",
    *,
    owner_id: str,
    page: PageRequest,
    where: AnalysisFilter = AnalysisFilter(),
) -> Page[Analysis]:
    """Newest first, without events."""
    raise NotImplementedError


async def delete_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> str:
    """Delete an analysis and its files; returns its id."""
    raise NotImplementedError


def follow_progress(
    resources: "Resources", *, owner_id: str, analysis_id: str, after: int = 0
) -> AsyncIterator[ProgressUpdate]:
    """Every event numbered above ``after``, then new ones as they come.

    Ends after ``Finished``, at once where that lies behind ``after``, and when the analysis is
    deleted. Raises NotFound at the first step.
    """
    raise NotImplementedError


async def forget_person(resources: "Resources", *, owner_id: str) -> None:
    """Delete all photos, analyses and files of a person. Safe to repeat."""
    raise NotImplementedError
