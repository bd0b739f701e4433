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
DeleteAnalysisResult: TypeAlias = Annotated[
    DeleteAnalysisPayload | UnauthenticatedError | NotFoundError,
    strawberry.union("DeleteAnalysisResult"),
]
