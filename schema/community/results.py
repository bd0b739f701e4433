"""Payloads and result unions of the board's mutations."""

from typing import Annotated, TypeAlias

import strawberry

from schema.community.types import Comment, Post, PostImage
from schema.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedImageError,
)


@strawberry.type
class UploadPostImagePayload:
    """Removed after a day, unless a post shows it by then."""

    image: PostImage


@strawberry.type
class CreatePostPayload:
    post: Post


@strawberry.type
class UpdatePostPayload:
    """Images that the post shows no more are gone."""

    post: Post


@strawberry.type
class DeletePostPayload:
    deleted_id: strawberry.ID


@strawberry.type
class CreateCommentPayload:
    comment: Comment
    post: Post


@strawberry.type
class UpdateCommentPayload:
    comment: Comment


@strawberry.type
class DeleteCommentPayload:
    """``comment``: the tombstone, where replies keep it."""

    deleted_id: strawberry.ID
    comment: Comment | None
    post: Post


@strawberry.type
class LikePostPayload:
    post: Post


@strawberry.type
class UnlikePostPayload:
    post: Post


UploadPostImageResult: TypeAlias = Annotated[
    UploadPostImagePayload
    | InvalidInputError
    | UnauthenticatedError
    | ConflictError
    | UnsupportedImageError
    | RateLimitedError
    | UnavailableError,
    strawberry.union("UploadPostImageResult"),
]
CreatePostResult: TypeAlias = Annotated[
    CreatePostPayload
    | InvalidInputError
    | UnauthenticatedError
    | NotFoundError
    | ConflictError
    | RateLimitedError,
    strawberry.union("CreatePostResult"),
]
UpdatePostResult: TypeAlias = Annotated[
    UpdatePostPayload | InvalidInputError | UnauthenticatedError | NotFoundError | RateLimitedError,
    strawberry.union("UpdatePostResult"),
]
DeletePostResult: TypeAlias = Annotated[
    DeletePostPayload | UnauthenticatedError | NotFoundError,
    strawberry.union("DeletePostResult"),
]
CreateCommentResult: TypeAlias = Annotated[
    CreateCommentPayload
    | InvalidInputError
    | UnauthenticatedError
    | NotFoundError
    | ConflictError
    | RateLimitedError,
    strawberry.union("CreateCommentResult"),
]
UpdateCommentResult: TypeAlias = Annotated[
    UpdateCommentPayload
    | InvalidInputError
    | UnauthenticatedError
    | NotFoundError
    | RateLimitedError,
    strawberry.union("UpdateCommentResult"),
]
DeleteCommentResult: TypeAlias = Annotated[
    DeleteCommentPayload | UnauthenticatedError | NotFoundError,
    strawberry.union("DeleteCommentResult"),
]
LikePostResult: TypeAlias = Annotated[
    LikePostPayload | UnauthenticatedError | NotFoundError | RateLimitedError,
    strawberry.union("LikePostResult"),
]
UnlikePostResult: TypeAlias = Annotated[
    UnlikePostPayload | UnauthenticatedError | NotFoundError | RateLimitedError,
    strawberry.union("UnlikePostResult"),
]
