"""Reporting and blocking, for everybody; hiding, restoring and reading reports, for operators."""

import strawberry

from dupi.community import service as community
from dupi.community.models import ContentKind
from dupi.errors import NotFound
from schema.accounts.authors import Author
from schema.community.moderation_types import (
    BlockAuthorInput,
    BlockAuthorPayload,
    BlockAuthorResult,
    HideContentInput,
    HideContentPayload,
    HideContentResult,
    Report,
    ReportContentInput,
    ReportContentPayload,
    ReportContentResult,
    RestoreContentInput,
    RestoreContentPayload,
    RestoreContentResult,
    UnblockAuthorInput,
    UnblockAuthorPayload,
    UnblockAuthorResult,
    show_content,
)
from schema.context import Context, Info
from schema.relay import (
    Connection,
    connection,
    given,
    global_id,
    page_request,
    parse_id,
    record_id,
)


@strawberry.type
class ModerationQueries:
    @strawberry.field
    async def reports(  # noqa: PLR0913, PLR0917  (as the contract's connections)
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        is_open: bool | None = strawberry.UNSET,
    ) -> Connection[Report] | None:
        """Newest first; ``isOpen``: those alone, or the others alone. Role OPERATOR."""
        _ = info.context.operator
        page = page_request(first, after, last, before)
        found = await community.list_reports(page=page, is_open=given(is_open))
        return connection(found, Report.from_model)


@strawberry.type
class ModerationMutations:
    @strawberry.mutation
    async def report_content(self, info: Info, input: ReportContentInput) -> ReportContentResult:
        reporter_id = info.context.signed_in.user_id
        report_id = await community.report_content(
            info.context.resources,
            reporter_id=reporter_id,
            content=content_key(input.content_id),
            reason=input.reason,
            note=given(input.note),
        )
        return ReportContentPayload(report_id=global_id("Report", report_id))

    @strawberry.mutation
    async def hide_content(self, info: Info, input: HideContentInput) -> HideContentResult:
        """For everyone but its author and operators. Role OPERATOR."""
        actor = info.context.actor
        hidden = await community.hide_content(
            content=content_key(input.content_id), reason=input.reason, actor=actor
        )
        return HideContentPayload(content=show_content(hidden))

    @strawberry.mutation
    async def restore_content(self, info: Info, input: RestoreContentInput) -> RestoreContentResult:
        """Also of what was not hidden: its reports are closed. Role OPERATOR."""
        actor = info.context.actor
        restored = await community.restore_content(
            content=content_key(input.content_id), actor=actor
        )
        return RestoreContentPayload(content=show_content(restored))

    @strawberry.mutation
    async def block_author(self, info: Info, input: BlockAuthorInput) -> BlockAuthorResult:
        """Blocking again changes nothing."""
        user_id = info.context.signed_in.user_id
        author = await community.block_author(
            info.context.resources,
            user_id=user_id,
            author_id=record_id("Author", input.author_id),
        )
        return BlockAuthorPayload(author=_author(author.id, author.nickname, info.context))

    @strawberry.mutation
    async def unblock_author(self, info: Info, input: UnblockAuthorInput) -> UnblockAuthorResult:
        """Of one who was not blocked, nothing changes."""
        user_id = info.context.signed_in.user_id
        author = await community.unblock_author(
            info.context.resources,
            user_id=user_id,
            author_id=record_id("Author", input.author_id),
        )
        return UnblockAuthorPayload(author=_author(author.id, author.nickname, info.context))


async def load_report(context: Context, report_id: str) -> Report:
    """Raises Unauthenticated, NotFound, also for anyone who is no operator."""
    context.refuse_as_absent()
    return Report.from_model(await community.get_report(report_id=report_id))


def content_key(text: str) -> tuple[ContentKind, str]:
    """Raises NotFound for the id of anything but a post or a comment."""
    kind, identity = parse_id(text)
    if kind not in set(ContentKind):
        raise NotFound("the id is no post's or comment's")
    return ContentKind(kind), identity


def _author(user_id: str, nickname: str, context: Context) -> Author:
    return Author.of(user_id, nickname=nickname, viewer_id=context.viewer_id)
