"""Payloads and result unions of the mutations on photos and analyses."""

from typing import Annotated, TypeAlias

import strawberry

from schema.analyses.types import Analysis, Photo
from schema.errors import (
    ConflictError,
    ConsentRequiredError,
    InvalidInputError,
    NotFoundError,
    PoorImageError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedImageError,
)


@strawberry.type
class UploadPhotoPayload:
    photo: Photo


@strawberry.type
class DeletePhotoPayload:
    """Analyses go with their photo."""

    deleted_id: strawberry.ID
    deleted_analysis_ids: list[strawberry.ID]


@strawberry.type
class RequestAnalysisPayload:
    analysis: Analysis


@strawberry.type
class CancelAnalysisPayload:
    """What was found and said before stays in the analysis."""

    analysis: Analysis


@strawberry.type
class RetryAnalysisPayload:
    """The same analysis with its next attempt; its events go on where they ended."""

    analysis: Analysis


@strawberry.type
class DeleteAnalysisPayload:
    deleted_id: strawberry.ID


UploadPhotoResult: TypeAlias = Annotated[
    UploadPhotoPayload
    | InvalidInputError
    | UnauthenticatedError
    | ConflictError
    | ConsentRequiredError
    | UnsupportedImageError
    | PoorImageError
    | RateLimitedError
    | UnavailableError,
    strawberry.union("UploadPhotoResult"),
]
DeletePhotoResult: TypeAlias = Annotated[
    DeletePhotoPayload | UnauthenticatedError | NotFoundError,
    strawberry.union("DeletePhotoResult"),
]
RequestAnalysisResult: TypeAlias = Annotated[
    RequestAnalysisPayload
    | InvalidInputError
    | UnauthenticatedError
    | NotFoundError
    | ConflictError
    | ConsentRequiredError
    | RateLimitedError
    | UnavailableError,
    strawberry.union("RequestAnalysisResult"),
]
CancelAnalysisResult: TypeAlias = Annotated[
    CancelAnalysisPayload | UnauthenticatedError | NotFoundError | ConflictError,
    strawberry.union("CancelAnalysisResult"),
]
RetryAnalysisResult: TypeAlias = Annotated[
    RetryAnalysisPayload
    | UnauthenticatedError
    | NotFoundError
    | ConflictError
    | RateLimitedError
    | UnavailableError,
    strawberry.union("RetryAnalysisResult"),
]
DeleteAnalysisResult: TypeAlias = Annotated[
    DeleteAnalysisPayload | UnauthenticatedError | NotFoundError,
    strawberry.union("DeleteAnalysisResult"),
]
