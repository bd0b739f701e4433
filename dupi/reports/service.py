"""The report of one analysis for a doctor's visit: made when its url is asked for, kept nowhere.

So there is nothing to delete with the analysis, and an old report can never outlive it.
"""

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dupi.adapters.limits import Limit
from dupi.analyses.files import analysis_files
from dupi.analyses.models import Analysis, AnalysisStatus, Photo
from dupi.analyses.service import get_analysis, get_photos
from dupi.concurrency import all_of
from dupi.errors import NotFound
from dupi.knowledge.vocabulary import Locale
from dupi.reports.contents import deciding_finding, report_contents
from dupi.reports.printing import Report

if TYPE_CHECKING:
    from dupi.resources import Resources

_KEY: Final = re.compile(r"analyses/([0-9a-f-]{36})/([0-9a-f-]{36})/report-(ko|en)\.pdf")


class ReportKey(NamedTuple):
    """Names a report as a stored object's key would, though none is stored."""

    owner_id: str
    analysis_id: str
    locale: Locale

    def __str__(self) -> str:
        folder = analysis_files(self.owner_id, self.analysis_id)
        return f"{folder}/report-{self.locale.lower()}.pdf"

    @classmethod
    def parse(cls, text: str) -> "ReportKey":
        """Raises NotFound."""
        match = _KEY.fullmatch(text)
        if match is None:
            raise NotFound(f"no report {text!r}")
        return cls(match[1], match[2], Locale[match[3].upper()])


async def make_report(resources: "Resources", key: ReportKey) -> bytes:
    """The PDF. Raises NotFound (no such analysis, or it is not completed), RateLimited, Unavailable
    (the store or the photos are away, many reports are being made, or it took too long)."""
    settings = resources.settings.reports
    analysis = await _completed(resources, key)
    limit = Limit(settings.reports_per_person, settings.report_refill_seconds)
    await resources.limits.take(f"report:{key.owner_id}", limit)
    with resources.reports.place():
        report = await _gather(resources, analysis, key.locale)
        return await resources.reports.print(report)


async def _completed(resources: "Resources", key: ReportKey) -> Analysis:
    owner_id, analysis_id, _ = key
    analysis = await get_analysis(resources, owner_id=owner_id, analysis_id=analysis_id)
    if analysis.status is not AnalysisStatus.COMPLETED:
        raise NotFound(f"analysis {analysis_id} is not completed")
    return analysis


async def _gather(resources: "Resources", analysis: Analysis, locale: Locale) -> Report:
    photos = await get_photos(resources, owner_id=analysis.owner_id, photo_ids=analysis.photo_ids)
    if len(photos) < len(analysis.photo_ids):  # being deleted, and the analysis with it
        raise NotFound("a photo is gone")
    pictures = await all_of(_pictures(resources, analysis, photo) for photo in photos)
    made_at = analysis.completed_at or analysis.created_at
    return Report(
        contents=report_contents(analysis, photos, locale),
        photos=tuple(pictures),
        made_at=int(made_at.timestamp()),
    )


async def _pictures(
    resources: "Resources", analysis: Analysis, photo: Photo
) -> tuple[bytes, bytes | None]:
    """The photo and the attention map that is shown with it."""
    [found] = [one for one in analysis.photo_findings if one.photo_id == photo.id]
    shown = deciding_finding(found)
    jpeg = await resources.storage.get(photo.image_key)
    if shown is None or shown.attention_key is None:
        return jpeg, None
    return jpeg, await resources.storage.get(shown.attention_key)
