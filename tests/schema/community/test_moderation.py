"""Reports, hiding, blocking and the audit records, as GraphQL text: the good case and refusals."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from dupi.accounts.models import Role
from dupi.accounts.service import find_by_email, give_role
from dupi.resources import Resources
from tests.schema.community.doing import a_comment_id, a_post_id, feed
from tests.support.reads import counted_reads
from tests.support.web import Caller, caller, operation


@pytest.fixture
async def operator(app: Starlette, parts: Resources) -> AsyncIterator[Caller]:
    async with caller(app) as someone:
        await someone.sign_up("operator@example.com", nickname="운영자")
        user = await find_by_email(parts, email="operator@example.com")
        await give_role(parts, user_id=user.id, role=Role.OPERATOR)
        yield someone


async def reported(who: Caller, content_id: str, **changes: object) -> dict[str, object]:
    given = {"contentId": content_id, "reason": "SPAM", "note": "광고예요"} | changes
    answer: dict[str, object] = await who.run("ReportContent", input=given)
    return answer


async def test_a_report_comes_to_operators_once(
    mina: Caller, other: Caller, operator: Caller
) -> None:
    post_id = await a_post_id(mina)
    comment_id = await a_comment_id(mina, post_id)
    ids = [(await reported(other, one))["reportId"] for one in (post_id, post_id, comment_id)]
    assert ids[0] == ids[1] != ids[2]
    comment, post = [edge["node"] for edge in (await operator.run("Reports"))["edges"]]
    assert (post["id"], post["contentId"]) == (ids[0], post_id)
    assert (post["reason"], post["note"], post["isOpen"]) == ("SPAM", "광고예요", True)
    assert post["content"]["author"]["nickname"] == "미나"
    assert post["reporter"]["nickname"] == "다른이"
    assert comment["content"]["__typename"] == "Comment"
    assert (await operator.run("Node", id=ids[0]))["__typename"] == "Report"
    await mina.run("DeletePost", input={"postId": post_id})
    contents = [edge["node"]["content"] for edge in (await operator.run("Reports"))["edges"]]
    assert contents == [None, None]


async def test_what_is_wrong_with_a_report(mina: Caller, other: Caller, anyone: Caller) -> None:
    post_id = await a_post_id(mina)
    assert (await reported(anyone, post_id))["__typename"] == "UnauthenticatedError"
    assert (await reported(mina, post_id))["__typename"] == "InvalidInputError"
    assert (await reported(other, "nonsense"))["__typename"] == "NotFoundError"
    long = await reported(other, post_id, note="가" * 501)
    assert long["__typename"] == "InvalidInputError"
    answers = [await reported(other, post_id) for _ in range(11)]
    assert answers[-1]["__typename"] == "RateLimitedError"


async def test_a_hidden_post_is_for_its_author_and_operators(
    mina: Caller, other: Caller, operator: Caller
) -> None:
    post_id = await a_post_id(mina)
    comment_id = await a_comment_id(other, post_id)
    given = {"contentId": post_id, "reason": "의료 광고"}
    hidden = await operator.run("HideContent", input=given)
    assert hidden["content"] == {"id": post_id, "hiddenReason": "의료 광고"}
    for who in (mina, operator):
        assert (await who.run("Post", id=post_id))["hiddenReason"] == "의료 광고"
    assert await other.run("Post", id=post_id) is None
    assert await other.run("Node", id=comment_id) is None
    assert await feed(mina) == []
    [edge] = (await mina.run("MyPosts"))["posts"]["edges"]
    assert edge["node"]["hiddenReason"] == "의료 광고"
    restored = await operator.run("RestoreContent", input={"contentId": post_id})
    assert restored["content"]["hiddenReason"] is None
    assert await other.run("Post", id=post_id)


async def test_a_hidden_comment_is_a_place(mina: Caller, other: Caller, operator: Caller) -> None:
    post_id = await a_post_id(mina)
    comment_id = await a_comment_id(other, post_id)
    await operator.run("HideContent", input={"contentId": comment_id, "reason": "욕설"})

    async def seen(who: Caller) -> tuple[object, ...]:
        [edge] = (await who.run("Post", id=post_id))["comments"]["edges"]
        shown = edge["node"]
        return shown["body"], shown["hiddenReason"], bool(shown["author"])

    assert await seen(mina) == (None, None, False)
    assert await seen(other) == await seen(operator) == ("저도요", "욕설", True)


async def test_moderation_is_for_operators(mina: Caller, anyone: Caller) -> None:
    post_id = await a_post_id(mina)
    hide = {"contentId": post_id, "reason": "x"}
    for who, kind in ((mina, "ForbiddenError"), (anyone, "UnauthenticatedError")):
        assert (await who.run("HideContent", input=hide))["__typename"] == kind
        restored = await who.run("RestoreContent", input={"contentId": post_id})
        assert restored["__typename"] == kind
    for name in ("Reports", "AuditEvents"):
        assert await mina.code(operation(name)) == "FORBIDDEN"


async def test_what_operators_cannot_hide(mina: Caller, operator: Caller) -> None:
    post_id = await a_post_id(mina)
    blank = await operator.run("HideContent", input={"contentId": post_id, "reason": " "})
    assert blank["fields"][0]["code"] == "REQUIRED"
    await mina.run("DeletePost", input={"postId": post_id})
    author_id = (await mina.run("MyPosts"))["author"]["id"]
    for wrong in (post_id, author_id, "nonsense"):
        given = {"contentId": wrong, "reason": "x"}
        assert (await operator.run("HideContent", input=given))["__typename"] == "NotFoundError"


async def test_acts_are_on_record(mina: Caller, operator: Caller) -> None:
    first, second = await a_post_id(mina), await a_post_id(mina, title="둘째")
    for post_id in (first, second):
        await operator.run("HideContent", input={"contentId": post_id, "reason": "광고"})
    await operator.run("RestoreContent", input={"contentId": first})
    events = [edge["node"] for edge in (await operator.run("AuditEvents"))["edges"]]
    acts = [event["act"] for event in events]
    assert acts == ["RESTORE_CONTENT", "HIDE_CONTENT", "HIDE_CONTENT"]
    assert events[0]["actor"]["author"]["nickname"] == "운영자"
    assert (events[0]["objectKind"], events[0]["objectId"]) == ("Post", first)
    assert events[-1]["note"] == "광고"
    assert {"field": "hidden_reason", "before": '""', "after": '"광고"'} in events[-1]["changes"]
    of_one = (await operator.run("AuditEvents", objectId=second))["edges"]
    assert len(of_one) == 1
    assert (await operator.run("AuditEvents", objectId="nonsense"))["edges"] == []
    event_id = events[0]["id"]
    assert (await operator.run("Node", id=event_id))["__typename"] == "AuditEvent"
    assert await mina.run("Node", id=event_id) is None


async def test_blocking(mina: Caller, other: Caller, anyone: Caller) -> None:
    post_id = await a_post_id(other)
    author_id = (await mina.run("Post", id=post_id))["author"]["id"]
    for _ in range(2):
        blocked = await mina.run("BlockAuthor", input={"authorId": author_id})
        assert blocked["author"]["viewerHasBlocked"] is True
    assert await feed(mina) == []
    assert (await mina.run("Post", id=post_id))["author"]["viewerHasBlocked"] is True
    assert len(await feed(other)) == len(await feed(anyone)) == 1
    back = await mina.run("UnblockAuthor", input={"authorId": author_id})
    assert back["author"]["viewerHasBlocked"] is False
    assert len(await feed(mina)) == 1
    own_id = (await mina.run("MyPosts"))["author"]["id"]
    own = await mina.run("BlockAuthor", input={"authorId": own_id})
    assert own["__typename"] == "InvalidInputError"
    for name in ("BlockAuthor", "UnblockAuthor"):
        absent = await mina.run(name, input={"authorId": post_id})
        assert absent["__typename"] == "NotFoundError"


@pytest.mark.parametrize("size", [1, 6])
async def test_reports_are_read_at_once(
    mina: Caller, other: Caller, operator: Caller, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    post_id = await a_post_id(mina)
    for content_id in [post_id, *[await a_comment_id(mina, post_id) for _ in range(5)]]:
        await reported(other, content_id)
    with monkeypatch.context() as counting:
        reads = counted_reads(counting)
        edges = (await operator.run("Reports", first=size))["edges"]
    assert len(edges) == size
    assert reads.count("reports") == 1
    assert reads.count("comments") == 1
    assert len(reads) <= 8
