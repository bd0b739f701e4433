"""Inputs about photos and analyses."""

from datetime import datetime

import strawberry

from dupi.analyses import service as analyses
from dupi.analyses.models import AnalysisStatus
from dupi.knowledge.survey import SurveyAnswers as DomainAnswers
from dupi.knowledge.vocabulary import (
    Circumstance,
    HairProduct,
    HairState,
    PurchasePriority,
    ScalpSite,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)
from schema.relay import given
from schema.uploads import UploadedFile


@strawberry.input
class PhotoFilter:
    """``since`` is inclusive, ``until`` exclusive."""

    site: ScalpSite | None = strawberry.UNSET
    since: datetime | None = strawberry.UNSET
    until: datetime | None = strawberry.UNSET

    def to_domain(self) -> analyses.PhotoFilter:
        return analyses.PhotoFilter(
            site=given(self.site), since=given(self.since), until=given(self.until)
        )


@strawberry.input
class AnalysisFilter:
    """``since`` is inclusive, ``until`` exclusive."""

    status: AnalysisStatus | None = strawberry.UNSET
    site: ScalpSite | None = strawberry.UNSET
    since: datetime | None = strawberry.UNSET
    until: datetime | None = strawberry.UNSET

    def to_domain(self) -> analyses.AnalysisFilter:
        return analyses.AnalysisFilter(
            status=given(self.status),
            site=given(self.site),
            since=given(self.since),
            until=given(self.until),
        )


@strawberry.input
class UploadPhotoInput:
    file: UploadedFile
    site: ScalpSite
    idempotency_key: str | None = strawberry.UNSET


@strawberry.input
class DeletePhotoInput:
    photo_id: strawberry.ID


@strawberry.input
class SurveyAnswersInput:
    """``symptoms`` may be empty, but is never left out: red flags hang on them."""

    shampoo_frequency: ShampooFrequency
    perm_frequency: TreatmentFrequency
    dye_frequency: TreatmentFrequency
    hair_state: HairState
    products: list[HairProduct]
    wants_custom_care: bool
    purchase_priority: PurchasePriority
    symptoms: list[Symptom]
    circumstances: list[Circumstance] = strawberry.field(default_factory=list)

    def to_domain(self) -> DomainAnswers:
        return DomainAnswers(
            shampoo_frequency=self.shampoo_frequency,
            perm_frequency=self.perm_frequency,
            dye_frequency=self.dye_frequency,
            hair_state=self.hair_state,
            products=tuple(self.products),
            wants_custom_care=self.wants_custom_care,
            purchase_priority=self.purchase_priority,
            symptoms=tuple(self.symptoms),
            circumstances=tuple(self.circumstances),
        )


@strawberry.input
class RequestAnalysisInput:
    """One to four photos, one a site. Trying again takes a new key."""

    photo_ids: list[strawberry.ID]
    survey: SurveyAnswersInput
    idempotency_key: str | None = strawberry.UNSET


@strawberry.input
class CancelAnalysisInput:
    analysis_id: strawberry.ID


@strawberry.input
class RetryAnalysisInput:
    analysis_id: strawberry.ID


@strawberry.input
class DeleteAnalysisInput:
    analysis_id: strawberry.ID
