"""People report what should not be on the board; operators see the reports."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_OID, uuid5

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.accounts.fields import check
from dupi.adapters.limits import Limit
from dupi.clock import utc_now
from dupi.community.models import Comment, ContentKind, Post, Report, ReportReason
from dupi.community.reading import get_comment, get_post
from dupi.community.texts import read_note
from dupi.errors import InvalidInput, NotFound
from dupi.ids import sort_key
from dupi.paging import Page, PageRequest, fetch_page
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_KEPT: Final = {"keeping": Keeping.KEPT.value}
KINDS: Final[Mapping[ContentKind, type[Post] | type[Comment]]] = {
    ContentKind.POST: Post,
    ContentKind.COMMENT: Comment,
}
_LONG: Final = {"search_text": 0, "grams": 0, "counting": 0, "owed_audits": 0}

ContentKey = tuple[ContentKind, str]


async def report_content(
    resources: "Resources",
    *,
    reporter_id: str,
    content: ContentKey,
    reason: ReportReason,
    note: str | None = None,
) -> str:
    """The report's id; a person's first report of a thing stands.

    Raises InvalidInput (``note``, ``contentId``: one's own), NotFound, RateLimited.
    """
    text = read_note(note) if note and note.strip() else ""
    check(note=text)
    limits = resources.settings.community
    limit = Limit(limits.reports_per_person, limits.report_refill_seconds)
    await resources.limits.take(f"report:{reporter_id}", limit)
    await _check_subject(reporter_id, content)
    report = _report(reporter_id, content, reason, str(text))
    with suppress(DuplicateKeyError):  # it was reported before
        await report.insert()
    return report.id


async def list_reports(*, page: PageRequest, is_open: bool | None = None) -> Page[Report]:
    """Newest first."""
    return await fetch_page(Report, {} if is_open is None else {"is_open": is_open}, page)


async def get_report(*, report_id: str) -> Report:
    """Raises NotFound."""
    found = await Report.get(report_id)
    if found is None:
        raise NotFound(f"no report {report_id}")
    return found


async def close_reports(content_id: str) -> None:
    """An operator has looked at what they are about."""
    where = {"content_id": content_id, "is_open": True}
    await _reports().update_many(where, {"$set": {"is_open": False}})


async def load_content(keys: Sequence[ContentKey]) -> dict[ContentKey, Post | Comment]:
    """Posts and comments that are there, hidden or not, in one read a kind."""
    found: dict[ContentKey, Post | Comment] = {}
    for kind, document in KINDS.items():
        ids = [content_id for asked, content_id in keys if asked is kind]
        if ids:
            rows = document.get_pymongo_collection().find({"_id": {"$in": ids}} | _KEPT, _LONG)
            found |= {(kind, row["_id"]): document.from_row(row) for row in await rows.to_list()}
    return found


async def _check_subject(reporter_id: str, content: ContentKey) -> None:
    """It is there for this person to see, and not their own."""
    kind, content_id = content
    if kind is ContentKind.POST:
        found: Post | Comment = await get_post(post_id=content_id, viewer_id=reporter_id)
    else:
        found = await get_comment(comment_id=content_id)
        await get_post(post_id=found.post_id, viewer_id=reporter_id)
        if not found.counts or found.is_hidden:
            raise NotFound("there is nothing to be read any more")
    if found.author_id == reporter_id:
        raise InvalidInput.at("contentId")


def _report(reporter_id: str, content: ContentKey, reason: ReportReason, note: str) -> Report:
    now, kind = utc_now(), content[0]
    report_id = str(uuid5(NAMESPACE_OID, f"report:{reporter_id}:{kind}:{content[1]}"))
    return Report(
        id=report_id,
        reporter_id=reporter_id,
        content_kind=kind,
        content_id=content[1],
        reason=reason,
        note=note,
        created_at=now,
        sort_key=sort_key(now, report_id),
    )


def _reports() -> AsyncCollection[dict[str, Any]]:
    return Report.get_pymongo_collection()
