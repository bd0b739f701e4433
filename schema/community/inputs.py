"""Inputs of the board's mutations."""

from typing import Any

import strawberry

from dupi.accounts.service import UNCHANGED
from dupi.analyses.sharing import AnalysisPart
from dupi.community import service as community
from dupi.community.models import Board
from schema.relay import given, record_id
from schema.uploads import UploadedFile


@strawberry.input
class UploadPostImageInput:
    file: UploadedFile
    idempotency_key: str | None = strawberry.UNSET


@strawberry.input
class CreatePostInput:
    """``share``: the parts of the attached analysis that others see. At most four images."""

    board: Board
    title: str
    body: str
    image_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    analysis_id: strawberry.ID | None = strawberry.UNSET
    share: list[AnalysisPart] = strawberry.field(default_factory=list)
    idempotency_key: str | None = strawberry.UNSET

    def to_domain(self) -> community.Draft:
        """Raises NotFound for ids that name nothing."""
        analysis_id = given(self.analysis_id)
        return community.Draft(
            board=self.board,
            title=self.title,
            body=self.body,
            image_ids=_image_ids(self.image_ids),
            analysis_id=None if analysis_id is None else record_id("Analysis", analysis_id),
            share=tuple(self.share),
        )


@strawberry.input
class UpdatePostInput:
    """Absent is unchanged, null clears. Another analysis takes its own ``share``."""

    post_id: strawberry.ID
    board: Board | None = strawberry.UNSET
    title: str | None = strawberry.UNSET
    body: str | None = strawberry.UNSET
    image_ids: list[strawberry.ID] | None = strawberry.UNSET
    analysis_id: strawberry.ID | None = strawberry.UNSET
    share: list[AnalysisPart] | None = strawberry.UNSET

    def to_domain(self) -> community.Changes:
        """Raises NotFound for ids that name nothing."""
        return community.Changes(
            board=_named(self.board),
            title=_named(self.title),
            body=_named(self.body),
            image_ids=_named(self.image_ids, _image_ids),
            analysis_id=_named(self.analysis_id, lambda found: record_id("Analysis", found)),
            share=_named(self.share, tuple),
        )


@strawberry.input
class DeletePostInput:
    post_id: strawberry.ID


@strawberry.input
class CreateCommentInput:
    """``parentId``: the comment that is answered, itself no reply."""

    post_id: strawberry.ID
    parent_id: strawberry.ID | None = strawberry.UNSET
    body: str
    idempotency_key: str | None = strawberry.UNSET


@strawberry.input
class UpdateCommentInput:
    comment_id: strawberry.ID
    body: str


@strawberry.input
class DeleteCommentInput:
    comment_id: strawberry.ID


@strawberry.input
class LikePostInput:
    post_id: strawberry.ID


@strawberry.input
class UnlikePostInput:
    post_id: strawberry.ID


def _image_ids(ids: list[strawberry.ID]) -> tuple[str, ...]:
    return tuple(record_id("PostImage", one) for one in ids)


def _named(value: Any, convert: Any = lambda found: found) -> Any:
    """As an update takes it: what is not named is unchanged, null is null."""
    if value is strawberry.UNSET:
        return UNCHANGED
    return None if value is None else convert(value)
