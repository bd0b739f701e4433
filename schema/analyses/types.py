"""Photos, analyses and findings."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import strawberry

from dupi.analyses import models
from dupi.analyses.history import AnalysisKey, Comparison
from dupi.analyses.models import AbstentionReason, AnalysisFailureCode, AnalysisStatus
from dupi.knowledge.notice import analysis_notice
from dupi.knowledge.vocabulary import Condition, Locale, ScalpSite, Severity
from dupi.reports.service import ReportKey
from schema.analyses.changes import FindingChange
from schema.analyses.failures import failure_message
from schema.analyses.plan_types import Advice, Plan, SurveyAnswers
from schema.context import Context, Info
from schema.relay import Node, global_id


@strawberry.type
class Photo(Node):
    """Urls are signed and short-lived: ask again, do not store."""

    site: ScalpSite
    url: str
    thumbnail_url: str
    width: int
    height: int
    quality: float
    created_at: datetime

    @classmethod
    def from_model(cls, photo: models.Photo, context: Context) -> Self:
        return cls(
            id=global_id("Photo", photo.id),
            site=photo.site,
            url=context.media_url(photo.image_key),
            thumbnail_url=context.media_url(photo.thumbnail_key),
            width=photo.width,
            height=photo.height,
            quality=photo.quality,
            created_at=photo.created_at,
        )


@strawberry.type
class Finding:
    """``severity`` is null where it abstained. ``probabilities``: in the order of Severity."""

    condition: Condition
    abstained: bool
    abstention_reason: AbstentionReason | None
    severity: Severity | None
    probabilities: list[float]
    confidence: float
    model: str
    model_version: str
    site: ScalpSite | None
    attention_map_url: str | None

    @classmethod
    def from_model(cls, finding: models.FindingRecord, context: Context) -> Self:
        key = finding.attention_key
        return cls(
            condition=finding.condition,
            abstained=finding.abstained,
            abstention_reason=finding.abstention_reason,
            severity=finding.severity,
            probabilities=list(finding.probabilities),
            confidence=finding.confidence,
            model=finding.model,
            model_version=finding.model_version,
            site=finding.site,
            attention_map_url=context.media_url(key) if key else None,
        )


def show_findings(findings: Iterable[models.FindingRecord], context: Context) -> list[Finding]:
    return [Finding.from_model(finding, context) for finding in findings]


@strawberry.type
class PhotoFindings:
    photo: Photo
    in_domain_score: float
    findings: list[Finding]


async def show_photo_findings(analysis: models.Analysis, context: Context) -> list[PhotoFindings]:
    """Per photo, in the order of the request; of photos that are there."""
    photos = {photo.id: photo for photo in await load_photos(analysis, context)}
    return [
        PhotoFindings(
            photo=Photo.from_model(photos[record.photo_id], context),
            in_domain_score=record.in_domain_score,
            findings=show_findings(record.findings, context),
        )
        for record in analysis.photo_findings
        if record.photo_id in photos
    ]


async def load_photos(analysis: models.Analysis, context: Context) -> list[models.Photo]:
    keys = [(analysis.owner_id, photo_id) for photo_id in analysis.photo_ids]
    return [photo for photo in await context.photos.load_many(keys) if photo]


@strawberry.type
class AnalysisFailure:
    code: AnalysisFailureCode
    message: str
    retryable: bool

    @classmethod
    def from_model(cls, failure: models.FailureRecord, context: Context) -> Self:
        message = failure_message(failure.code, context.locale)
        return cls(code=failure.code, message=message, retryable=failure.retryable)


@strawberry.type
class Analysis(Node):
    model: strawberry.Private[models.Analysis]
    status: AnalysisStatus
    progress: float
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def from_model(cls, analysis: models.Analysis) -> Self:
        return cls(
            id=global_id("Analysis", analysis.id),
            model=analysis,
            status=analysis.status,
            progress=analysis.progress,
            created_at=analysis.created_at,
            completed_at=analysis.completed_at,
        )

    @strawberry.field
    def failure(self, info: Info) -> AnalysisFailure | None:
        failure = self.model.failure
        return AnalysisFailure.from_model(failure, info.context) if failure else None

    @strawberry.field
    async def photos(self, info: Info) -> list[Photo]:
        photos = await load_photos(self.model, info.context)
        return [Photo.from_model(photo, info.context) for photo in photos]

    @strawberry.field
    def survey(self) -> SurveyAnswers:
        return SurveyAnswers.from_model(self.model.survey)

    @strawberry.field
    def plan(self) -> Plan | None:
        return Plan.from_model(self.model.plan) if self.model.plan else None

    @strawberry.field
    async def advice(self, info: Info) -> Advice | None:
        advice = (await self._with("advice", info.context)).advice
        return Advice.from_model(advice) if advice else None

    @strawberry.field
    def deployment_id(self) -> strawberry.ID | None:
        deployment_id = self.model.deployment_id
        return global_id("Deployment", deployment_id) if deployment_id else None

    @strawberry.field
    def notice(self, info: Info) -> str:
        """No diagnosis; what the models were trained on."""
        return analysis_notice(info.context.locale)

    @strawberry.field
    def findings(self, info: Info) -> list[Finding]:
        """Overall, one a condition, in the order of Condition; empty until classified."""
        return show_findings(self.model.findings, info.context)

    @strawberry.field
    async def photo_findings(self, info: Info) -> list[PhotoFindings]:
        """The same, per photo."""
        whole = await self._with("photo_findings", info.context)
        return await show_photo_findings(whole, info.context)

    @strawberry.field
    async def compared_with(self, info: Info) -> Self | None:
        """The previous comparable analysis: the newest completed one before with a photo of a same
        site, of similar quality, on which a condition was graded both times. Null: there is none.
        """
        compared = await self._comparison(info.context)
        return self.from_model(compared.previous) if compared else None

    @strawberry.field
    async def changes(self, info: Info) -> list[FindingChange]:
        """Since ``comparedWith``, per condition and site; what abstained is not compared."""
        compared = await self._comparison(info.context)
        return [FindingChange.from_model(one) for one in compared.changes] if compared else []

    @strawberry.field
    def report_url(self, info: Info, locale: Locale = Locale.KO) -> str | None:
        """Signed and short-lived, of a PDF for a doctor's visit that is made when it is fetched.
        Null until COMPLETED. ``locale``: of its labels; the plan is Korean."""
        if self.status is not AnalysisStatus.COMPLETED:
            return None
        key = ReportKey(self.model.owner_id, self.model.id, locale)
        return info.context.media_url(str(key))

    async def _with(self, name: str, context: Context) -> models.Analysis:
        """The analysis with a field that lists leave out; those of a whole list are read at once.
        Without it where the analysis was deleted meanwhile."""
        if name in self.model.model_fields_set:
            return self.model
        return await context.whole_analyses.load(AnalysisKey.of(self.model)) or self.model

    async def _comparison(self, context: Context) -> Comparison | None:
        if self.status is not AnalysisStatus.COMPLETED:
            return None
        return await context.comparisons.load(AnalysisKey.of(self.model))
