"""Whoever leaves leaves nothing behind, or their words without their name; counters stay exact."""

import asyncio

import pytest

from dupi.accounts.archive import Rows, StoredFile
from dupi.community import liking
from dupi.community import service as community
from dupi.community.exporting import export_community
from dupi.community.leaving import erase
from dupi.community.models import Block, Comment, ContentKind, Like, Post, Report, ReportReason
from dupi.errors import Unavailable
from dupi.personal_data import ERASERS, EXPORTERS
from dupi.resources import Resources
from tests.community.doing import (
    a_comment,
    a_post,
    a_writer,
    an_image,
    counters,
    cut_off_long_ago,
    what_is_left,
)


async def a_life(board: Resources) -> tuple[str, Post, Post]:
    """Someone with a post of their own, and with likes, comments and more on another's."""
    mina, other = await a_writer(), await a_writer()
    image = await an_image(board, mina)
    own = await a_post(board, mina, image_ids=(image.id,))
    theirs = await a_post(board, other)
    await an_image(board, mina, seed=2)
    await a_comment(board, own.id, other)
    await community.like_post(board, user_id=other, post_id=own.id)
    await community.like_post(board, user_id=mina, post_id=theirs.id)
    answered = await a_comment(board, theirs.id, mina)
    await a_comment(board, theirs.id, other, parent_id=answered.id)
    await a_comment(board, theirs.id, mina)
    await community.block_author(board, user_id=mina, author_id=other)
    await community.report_content(
        board,
        reporter_id=mina,
        content=(ContentKind.POST, theirs.id),
        reason=ReportReason.OTHER,
        note="제 이름이 나와요",
    )
    return mina, own, theirs


async def test_everything_goes(board: Resources) -> None:
    mina, _, theirs = await a_life(board)
    for _ in range(2):
        await erase(board, mina, keep_posts=False)
    assert await what_is_left() == {"Post": 1, "Comment": 2, "Like": 0, "PostImage": 0}
    assert await counters(theirs.id) == {"like_count": 0, "comment_count": 1}
    assert await community.recount_post(post_id=theirs.id) == {}
    place = await Comment.find_one({"post_id": theirs.id, "parent_id": ""})
    assert place
    assert (place.body, place.author_id) == (None, "")
    assert await nothing_names(mina)


async def test_words_stay_without_their_author(board: Resources) -> None:
    mina, own, theirs = await a_life(board)
    for _ in range(2):
        await erase(board, mina, keep_posts=True)
    assert await what_is_left() == {"Post": 2, "Comment": 4, "Like": 1, "PostImage": 1}
    kept = await community.get_post(post_id=own.id, viewer_id=None)
    assert (kept.author_id, kept.title, len(kept.images)) == ("", own.title, 1)
    assert await board.storage.get(kept.images[0].image_key)
    assert await counters(theirs.id) == {"like_count": 0, "comment_count": 3}
    for post in (own, theirs):
        assert await community.recount_post(post_id=post.id) == {}
    assert await nothing_names(mina)


async def nothing_names(user_id: str) -> bool:
    """No record of the board holds this id anywhere."""
    for kind in (Post, Comment, Like, Block, Report):
        rows = await kind.get_pymongo_collection().find({}).to_list()
        assert user_id not in str(rows), kind
    return True


async def test_what_is_still_coming_about_is_told(
    board: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A like that was cut off counts nowhere yet: leaving is repeated once upkeep was there."""
    mina, post = await a_writer(), await a_post(board)

    async def cut(*_: object, **__: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(liking, "count", cut)
        with pytest.raises(asyncio.CancelledError):
            await community.like_post(board, user_id=mina, post_id=post.id)
    with pytest.raises(Unavailable):
        await erase(board, mina, keep_posts=True)
    await cut_off_long_ago(Like, {"owed_at_ms": {"$gt": 0}})
    await liking.finish_likes()
    await erase(board, mina, keep_posts=True)
    assert await counters(post.id) == {"like_count": 0, "comment_count": 0}


async def test_what_a_person_is_given_of_their_own(board: Resources) -> None:
    mina, own, theirs = await a_life(board)
    found = {part.name: part async for part in export_community(board, mina)}
    rows = {
        name: [row async for row in part.rows()]
        for name, part in found.items()
        if isinstance(part, Rows)
    }
    assert {name: len(listed) for name, listed in rows.items()} == {
        "posts": 1,
        "comments": 2,
        "likes": 1,
        "post_images": 2,
        "blocked_authors": 1,
        "content_reports": 1,
    }
    [post] = rows["posts"]
    assert (post["_id"], post["title"], post["body"]) == (own.id, own.title, own.body)
    assert rows["likes"][0]["post_id"] == theirs.id
    assert rows["content_reports"][0]["note"] == "제 이름이 나와요"
    files = [part for part in found.values() if isinstance(part, StoredFile)]
    assert len(files) == 2
    for file in files:
        assert await board.storage.get(file.key)


async def test_the_board_is_part_of_leaving_and_of_the_archive() -> None:
    assert erase in ERASERS
    assert export_community in EXPORTERS
