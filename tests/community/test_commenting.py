"""Comments: two levels, tombstones, and whose they are."""

import asyncio

import pytest

from dupi.community import commenting
from dupi.community import service as community
from dupi.community.commenting import finish_comments
from dupi.community.models import Comment, Post
from dupi.errors import InvalidInput, NotFound
from dupi.paging import PageRequest
from dupi.resources import Resources
from tests.community.doing import a_comment, a_post, a_writer, counters, cut_off_long_ago


async def shown(post_id: str, parent_id: str = "") -> list[Comment]:
    page = await community.list_comments(
        post_id=post_id, parent_id=parent_id, viewer_id=None, page=PageRequest()
    )
    return list(page.items)


async def hide(post_id: str) -> None:
    await Post.get_pymongo_collection().update_one({"_id": post_id}, {"$set": {"is_hidden": True}})


async def test_replies_have_no_replies(board: Resources) -> None:
    post = await a_post(board)
    top = await a_comment(board, post.id)
    reply = await a_comment(board, post.id, parent_id=top.id)
    with pytest.raises(InvalidInput) as refused:
        await a_comment(board, post.id, parent_id=reply.id)
    assert refused.value.fields[0].path == ("parentId",)
    assert [one.id for one in await shown(post.id)] == [top.id]
    assert [one.id for one in await shown(post.id, top.id)] == [reply.id]
    assert (await shown(post.id))[0].reply_count == 1
    assert (await counters(post.id))["comment_count"] == 2


async def test_a_parent_belongs_to_the_post(board: Resources) -> None:
    post, another = await a_post(board), await a_post(board)
    top = await a_comment(board, post.id)
    with pytest.raises(NotFound):
        await a_comment(board, another.id, parent_id=top.id)
    assert (await counters(another.id))["comment_count"] == 0


async def test_what_is_gone_or_hidden_has_no_comments(board: Resources) -> None:
    mina = await a_writer()
    post = await a_post(board, mina)
    top = await a_comment(board, post.id, mina)
    await hide(post.id)
    for parent_id in (None, top.id):
        with pytest.raises(NotFound):
            await a_comment(board, post.id, mina, parent_id=parent_id)
    await community.delete_post(board, author_id=mina, post_id=post.id)
    with pytest.raises(NotFound):
        await a_comment(board, post.id)


async def test_a_deleted_comment_stays_as_a_place_while_it_has_replies(board: Resources) -> None:
    mina, other = await a_writer(), await a_writer()
    post = await a_post(board)
    top = await a_comment(board, post.id, mina)
    reply = await a_comment(board, post.id, other, parent_id=top.id)
    with pytest.raises(NotFound):
        await community.delete_comment(author_id=other, comment_id=top.id)
    answered, left = await community.delete_comment(author_id=mina, comment_id=top.id)
    assert left
    assert (left.body, left.author_id, left.reply_count) == (None, "", 1)
    assert answered.comment_count == 1
    with pytest.raises(NotFound):
        await a_comment(board, post.id, parent_id=top.id)
    with pytest.raises(NotFound):
        await community.delete_comment(author_id=mina, comment_id=top.id)
    assert (await community.delete_comment(author_id=other, comment_id=reply.id))[1] is None
    assert await Comment.find({}).count() == 0, "the place went with its last reply"
    assert (await counters(post.id))["comment_count"] == 0


async def test_a_reply_and_the_deletion_of_its_parent_at_once(board: Resources) -> None:
    for _ in range(10):
        mina = await a_writer()
        post = await a_post(board)
        top = await a_comment(board, post.id, mina)
        replied, _gone = await asyncio.gather(
            a_comment(board, post.id, parent_id=top.id),
            community.delete_comment(author_id=mina, comment_id=top.id),
            return_exceptions=True,
        )
        rows = await Comment.find({"post_id": post.id}).to_list()
        expected = 0 if isinstance(replied, NotFound) else 2
        assert len(rows) == expected, "no reply without its place, no place without a reply"
        assert await community.recount_post(post_id=post.id) == {}


async def test_an_edit_is_marked(board: Resources) -> None:
    mina = await a_writer()
    comment = await a_comment(board, (await a_post(board)).id, mina)
    edited = await community.update_comment(
        board, author_id=mina, comment_id=comment.id, body="고쳤어요"
    )
    assert (edited.body, bool(edited.edited_at)) == ("고쳤어요", True)
    with pytest.raises(NotFound):
        await community.update_comment(
            board, author_id=await a_writer(), comment_id=comment.id, body="x"
        )


async def test_a_comment_is_made_once_a_key(board: Resources) -> None:
    mina, post = await a_writer(), await a_post(board)
    ids = {
        (
            await community.create_comment(
                board, author_id=mina, post_id=post.id, body="한 번", idempotency_key="k"
            )
        ).id
        for _ in range(3)
    }
    assert len(ids) == 1
    assert (await counters(post.id))["comment_count"] == 1


@pytest.mark.parametrize("step", ["_tell_parent", "_tell_post", "_forget"])
@pytest.mark.parametrize("deed", ["create", "delete"])
async def test_what_is_cut_off_is_finished_and_counted_once(
    board: Resources, monkeypatch: pytest.MonkeyPatch, step: str, deed: str
) -> None:
    mina, post = await a_writer(), await a_post(board)
    top = await a_comment(board, post.id)
    reply = await a_comment(board, post.id, mina, parent_id=top.id) if deed == "delete" else None

    async def cut(*_: object, **__: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(commenting, step, cut)
        with pytest.raises(asyncio.CancelledError):
            if reply:
                await community.delete_comment(author_id=mina, comment_id=reply.id)
            else:
                await a_comment(board, post.id, mina, parent_id=top.id)
    await cut_off_long_ago(Comment, {"owed_at_ms": {"$gt": 0}})
    await finish_comments()
    assert await finish_comments() == 0
    assert await community.recount_post(post_id=post.id) == {}
    assert (await counters(post.id))["comment_count"] == (1 if reply else 2)
