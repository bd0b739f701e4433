"""Uploading photos and asking for analyses. Each authorises, calls one service, maps."""

import strawberry

from dupi.analyses import service as analyses
from schema.analyses.inputs import (
    CancelAnalysisInput,
    DeleteAnalysisInput,
    DeletePhotoInput,
    RequestAnalysisInput,
    RetryAnalysisInput,
    UploadPhotoInput,
)
from schema.analyses.results import (
    CancelAnalysisPayload,
    CancelAnalysisResult,
    DeleteAnalysisPayload,
    DeleteAnalysisResult,
    DeletePhotoPayload,
    DeletePhotoResult,
    RequestAnalysisPayload,
    RequestAnalysisResult,
    RetryAnalysisPayload,
    RetryAnalysisResult,
    UploadPhotoPayload,
    UploadPhotoResult,
)
from schema.analyses.types import Analysis, Photo
from schema.context import Info
from schema.relay import given, global_id, record_id


@strawberry.type
class AnalysisMutations:
    @strawberry.mutation
    async def upload_photo(self, info: Info, input: UploadPhotoInput) -> UploadPhotoResult:
        owner_id = info.context.signed_in.user_id
        photo = await analyses.upload_photo(
            info.context.resources,
            owner_id=owner_id,
            data=await input.file.read(),
            site=input.site,
            idempotency_key=given(input.idempotency_key),
        )
        return UploadPhotoPayload(photo=Photo.from_model(photo, info.context))

    @strawberry.mutation
    async def delete_photo(self, info: Info, input: DeletePhotoInput) -> DeletePhotoResult:
        owner_id = info.context.signed_in.user_id
        deleted = await analyses.delete_photo(
            info.context.resources, owner_id=owner_id, photo_id=record_id("Photo", input.photo_id)
        )
        return DeletePhotoPayload(
            deleted_id=global_id("Photo", deleted.photo_id),
            deleted_analysis_ids=[global_id("Analysis", gone) for gone in deleted.analysis_ids],
        )

    @strawberry.mutation
    async def request_analysis(
        self, info: Info, input: RequestAnalysisInput
    ) -> RequestAnalysisResult:
        owner_id = info.context.signed_in.user_id
        analysis = await analyses.request_analysis(
            info.context.resources,
            owner_id=owner_id,
            photo_ids=[record_id("Photo", photo_id) for photo_id in input.photo_ids],
            survey=input.survey.to_domain(),
            idempotency_key=given(input.idempotency_key),
            request_id=info.context.request_id,
        )
        return RequestAnalysisPayload(analysis=Analysis.from_model(analysis))

    @strawberry.mutation
    async def cancel_analysis(self, info: Info, input: CancelAnalysisInput) -> CancelAnalysisResult:
        owner_id = info.context.signed_in.user_id
        analysis = await analyses.cancel_analysis(
            info.context.resources,
            owner_id=owner_id,
            analysis_id=record_id("Analysis", input.analysis_id),
        )
        return CancelAnalysisPayload(analysis=Analysis.from_model(analysis))

    @strawberry.mutation
    async def retry_analysis(self, info: Info, input: RetryAnalysisInput) -> RetryAnalysisResult:
        """Of a FAILED, retryable one; one that is under way again is answered as it is."""
        owner_id = info.context.signed_in.user_id
        analysis = await analyses.retry_analysis(
            info.context.resources,
            owner_id=owner_id,
            analysis_id=record_id("Analysis", input.analysis_id),
        )
        return RetryAnalysisPayload(analysis=Analysis.from_model(analysis))

    @strawberry.mutation
    async def delete_analysis(self, info: Info, input: DeleteAnalysisInput) -> DeleteAnalysisResult:
        owner_id = info.context.signed_in.user_id
        deleted_id = await analyses.delete_analysis(
            info.context.resources,
            owner_id=owner_id,
            analysis_id=record_id("Analysis", input.analysis_id),
        )
        return DeleteAnalysisPayload(deleted_id=global_id("Analysis", deleted_id))
