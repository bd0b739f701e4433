"""Reports, hiding and restoring: once a person and thing, with a reason, and on record."""

import asyncio

import pytest

from dupi.community import moderating
from dupi.community import service as community
from dupi.community.models import ContentKind, Report, ReportReason
from dupi.community.moderating import settle_audits
from dupi.errors import InvalidInput, NotFound
from dupi.operations.audit import Act, Actor, ActorKind, AuditEvent
from dupi.paging import PageRequest
from dupi.resources import Resources
from tests.community.doing import a_comment, a_post, a_writer

OPERATOR = Actor(kind=ActorKind.PERSON, user_id="operator", request_id="r")
POST, COMMENT = ContentKind.POST, ContentKind.COMMENT


async def reported(board: Resources, who: str, kind: ContentKind, content_id: str) -> str:
    return await community.report_content(
        board, reporter_id=who, content=(kind, content_id), reason=ReportReason.SPAM
    )


async def test_a_person_reports_a_thing_once(board: Resources) -> None:
    post = await a_post(board)
    comment = await a_comment(board, post.id)
    mina, other = await a_writer(), await a_writer()
    ids = await asyncio.gather(
        *(reported(board, mina, POST, post.id) for _ in range(4)),
        reported(board, other, POST, post.id),
        reported(board, mina, COMMENT, comment.id),
    )
    assert len(set(ids)) == 3
    assert await Report.find({}).count() == 3
    page = await community.list_reports(page=PageRequest(first=2))
    assert (len(page.items), page.has_next) == (2, True)


async def test_what_cannot_be_reported(board: Resources) -> None:
    mina, other = await a_writer(), await a_writer()
    post = await a_post(board, mina)
    top = await a_comment(board, post.id, other)
    await a_comment(board, post.id, parent_id=top.id)
    with pytest.raises(InvalidInput):
        await reported(board, mina, POST, post.id)
    await community.delete_comment(author_id=other, comment_id=top.id)
    for kind, content_id in ((COMMENT, top.id), (POST, top.id), (COMMENT, post.id)):
        with pytest.raises(NotFound):
            await reported(board, mina, kind, content_id)
    await community.hide_content(content=(POST, post.id), reason="광고", actor=OPERATOR)
    with pytest.raises(NotFound):
        await reported(board, other, POST, post.id)


@pytest.mark.parametrize("kind", [POST, COMMENT])
async def test_hiding_and_restoring(board: Resources, kind: ContentKind) -> None:
    post = await a_post(board)
    comment = await a_comment(board, post.id)
    content = (kind, post.id if kind is POST else comment.id)
    await reported(board, await a_writer(), *content)
    for _ in range(2):
        hidden = await community.hide_content(content=content, reason=" 광고 ", actor=OPERATOR)
        assert (hidden.is_hidden, hidden.hidden_reason) == (True, "광고")
    [report] = await Report.find({}).to_list()
    assert not report.is_open
    restored = await community.restore_content(content=content, actor=OPERATOR)
    assert (restored.is_hidden, restored.hidden_reason) == (False, "")
    acts = [event.act for event in await AuditEvent.find({}).sort("+sort_key").to_list()]
    assert acts == [Act.HIDE_CONTENT, Act.RESTORE_CONTENT], "each once"
    [first, _] = await AuditEvent.find({}).sort("+sort_key").to_list()
    assert (first.object_kind, first.object_id) == (kind.value, content[1])
    assert (first.actor, first.note) == (OPERATOR, "광고")
    assert first.before == {"is_hidden": False, "hidden_reason": ""}


async def test_reports_of_what_stays_are_closed(board: Resources) -> None:
    post = await a_post(board)
    await reported(board, await a_writer(), POST, post.id)
    await community.restore_content(content=(POST, post.id), actor=OPERATOR)
    assert (await community.list_reports(page=PageRequest(), is_open=True)).items == ()
    assert await AuditEvent.find({}).count() == 0, "nothing was changed"


async def test_what_is_gone_cannot_be_hidden(board: Resources) -> None:
    mina = await a_writer()
    post = await a_post(board, mina)
    await community.delete_post(board, author_id=mina, post_id=post.id)
    with pytest.raises(NotFound):
        await community.hide_content(content=(POST, post.id), reason="x", actor=OPERATOR)
    with pytest.raises(InvalidInput):
        await community.hide_content(content=(POST, post.id), reason=" ", actor=OPERATOR)


async def test_a_record_that_was_cut_off_is_written_once(
    board: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = await a_post(board)

    async def cut(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(moderating, "record", cut)
        with pytest.raises(asyncio.CancelledError):
            await community.hide_content(content=(POST, post.id), reason="x", actor=OPERATOR)
    assert await AuditEvent.find({}).count() == 0
    await asyncio.gather(settle_audits(), settle_audits())
    assert await settle_audits() == 0
    assert await AuditEvent.find({}).count() == 1
