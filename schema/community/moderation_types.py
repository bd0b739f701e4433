"""Reports and what they are about, as operators see them; inputs and results of moderation."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from dupi.community import models
from dupi.community.models import ReportReason
from schema.accounts.authors import Author, load_author
from schema.community.types import Comment, Post
from schema.context import Info
from schema.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
)
from schema.relay import Node, global_id

Content: TypeAlias = Annotated[Post | Comment, strawberry.union("Content")]


@strawberry.type
class Report(Node):
    """``isOpen``: no operator has hidden or restored the content since."""

    model: strawberry.Private[models.Report]
    content_id: strawberry.ID
    reason: ReportReason
    note: str | None
    is_open: bool
    created_at: datetime

    @classmethod
    def from_model(cls, report: models.Report) -> Self:
        return cls(
            id=global_id("Report", report.id),
            model=report,
            content_id=global_id(report.content_kind, report.content_id),
            reason=report.reason,
            note=report.note or None,
            is_open=report.is_open,
            created_at=report.created_at,
        )

    @strawberry.field
    async def content(self, info: Info) -> Content | None:
        """Null once it has gone."""
        key = (self.model.content_kind, self.model.content_id)
        found = await info.context.community.content.load(key)
        return show_content(found) if found else None

    @strawberry.field
    async def reporter(self, info: Info) -> Author | None:
        """Null for who has left."""
        return await load_author(info.context, self.model.reporter_id)


def show_content(found: models.Post | models.Comment) -> Post | Comment:
    return Post.from_model(found) if isinstance(found, models.Post) else Comment.from_model(found)


@strawberry.input
class ReportContentInput:
    """``contentId``: a post or a comment."""

    content_id: strawberry.ID
    reason: ReportReason
    note: str | None = strawberry.UNSET


@strawberry.input
class HideContentInput:
    """``reason``: its author sees it."""

    content_id: strawberry.ID
    reason: str


@strawberry.input
class RestoreContentInput:
    content_id: strawberry.ID


@strawberry.input
class BlockAuthorInput:
    author_id: strawberry.ID


@strawberry.input
class UnblockAuthorInput:
    author_id: strawberry.ID


@strawberry.type
class ReportContentPayload:
    """The same for the same person and content: the first report stands."""

    report_id: strawberry.ID


@strawberry.type
class HideContentPayload:
    content: Content


@strawberry.type
class RestoreContentPayload:
    content: Content


@strawberry.type
class BlockAuthorPayload:
    """The author's posts and comments are in the viewer's lists no more."""

    author: Author


@strawberry.type
class UnblockAuthorPayload:
    author: Author


ReportContentResult: TypeAlias = Annotated[
    ReportContentPayload
    | InvalidInputError
    | UnauthenticatedError
    | NotFoundError
    | RateLimitedError,
    strawberry.union("ReportContentResult"),
]
HideContentResult: TypeAlias = Annotated[
    HideContentPayload | InvalidInputError | UnauthenticatedError | ForbiddenError | NotFoundError,
    strawberry.union("HideContentResult"),
]
RestoreContentResult: TypeAlias = Annotated[
    RestoreContentPayload | UnauthenticatedError | ForbiddenError | NotFoundError,
    strawberry.union("RestoreContentResult"),
]
BlockAuthorResult: TypeAlias = Annotated[
    BlockAuthorPayload
    | InvalidInputError
    | UnauthenticatedError
    | NotFoundError
    | RateLimitedError,
    strawberry.union("BlockAuthorResult"),
]
UnblockAuthorResult: TypeAlias = Annotated[
    UnblockAuthorPayload | UnauthenticatedError | NotFoundError | RateLimitedError,
    strawberry.union("UnblockAuthorResult"),
]
