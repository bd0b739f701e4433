"""Likes are counted once, whoever likes how often at once, and whatever is cut off."""

import asyncio

import pytest

from dupi.clock import utc_now
from dupi.community import liking
from dupi.community import service as community
from dupi.community.counting import recount
from dupi.community.liking import finish_likes
from dupi.community.models import Like, Post
from dupi.errors import NotFound, RateLimited, Unavailable
from dupi.resources import Resources
from tests.community.doing import a_post, a_writer, counters, cut_off_long_ago, what_is_left
from tests.community.test_commenting import hide


async def test_liking_and_unliking_are_idempotent(board: Resources) -> None:
    mina, post = await a_writer(), await a_post(board)
    for _ in range(2):
        assert (await community.like_post(board, user_id=mina, post_id=post.id)).like_count == 1
    for _ in range(2):
        assert (await community.unlike_post(board, user_id=mina, post_id=post.id)).like_count == 0
    assert (await what_is_left())["Like"] == 0


async def test_one_person_likes_many_times_at_once(board: Resources) -> None:
    mina, post = await a_writer(), await a_post(board)
    await asyncio.gather(
        *(community.like_post(board, user_id=mina, post_id=post.id) for _ in range(8))
    )
    assert (await counters(post.id))["like_count"] == 1


async def test_many_like_unlike_and_delete_at_once(board: Resources) -> None:
    author = await a_writer()
    post, doomed = await a_post(board, author), await a_post(board, author)
    people = [await a_writer() for _ in range(8)]

    async def changes_their_mind(user_id: str) -> None:
        for post_id in (post.id, doomed.id, post.id):
            try:
                await community.like_post(board, user_id=user_id, post_id=post_id)
                if user_id in people[::2]:
                    await community.unlike_post(board, user_id=user_id, post_id=post_id)
            except (NotFound, RateLimited):
                continue

    await asyncio.gather(
        *(changes_their_mind(user_id) for user_id in people),
        community.delete_post(board, author_id=author, post_id=doomed.id),
    )
    assert await community.recount_post(post_id=post.id) == {}
    assert await Like.find({"post_id": doomed.id}).count() == 0
    assert (await counters(post.id))["like_count"] == 4
    row = await Post.get_pymongo_collection().find_one({"_id": post.id})
    assert row
    assert row["counting"] == {}, "nothing is remembered for ever"


@pytest.mark.parametrize("step", ["count", "forget"])
@pytest.mark.parametrize("deed", ["like", "unlike"])
async def test_what_is_cut_off_is_finished_and_counted_once(
    board: Resources, monkeypatch: pytest.MonkeyPatch, step: str, deed: str
) -> None:
    mina, post = await a_writer(), await a_post(board)
    if deed == "unlike":
        await community.like_post(board, user_id=mina, post_id=post.id)

    async def cut(*_: object, **__: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(liking, step, cut)
        with pytest.raises(asyncio.CancelledError):
            await getattr(community, f"{deed}_post")(board, user_id=mina, post_id=post.id)
    await cut_off_long_ago(Like, {"owed_at_ms": {"$gt": 0}})
    await asyncio.gather(finish_likes(), finish_likes())
    assert (await counters(post.id))["like_count"] == (1 if deed == "like" else 0)
    assert await community.recount_post(post_id=post.id) == {}


async def test_who_was_away_for_too_long_counts_nothing(board: Resources) -> None:
    """Upkeep may have counted it by then, and forgotten that it did."""
    mina, post = await a_writer(), await a_post(board)
    await community.like_post(board, user_id=mina, post_id=post.id)
    like = await Like.find_one({"post_id": post.id})
    assert like
    like.owed_at_ms = round(utc_now().timestamp() * 1000) - 60_000
    with pytest.raises(Unavailable):
        await liking._settle(like)
    assert (await counters(post.id))["like_count"] == 1


async def test_a_recount_puts_right_what_is_wrong(board: Resources) -> None:
    mina, post = await a_writer(), await a_post(board)
    await community.like_post(board, user_id=mina, post_id=post.id)
    wrong = {"$set": {"like_count": 7, "comment_count": -2}}
    await Post.get_pymongo_collection().update_one({"_id": post.id}, wrong)
    assert await community.recount_post(post_id=post.id) == {"like_count": -6, "comment_count": 2}
    assert await counters(post.id) == {"like_count": 1, "comment_count": 0}


async def test_a_recount_in_the_middle_of_likes_takes_none_away(board: Resources) -> None:
    post = await a_post(board)
    people = [await a_writer() for _ in range(6)]

    async def count_anew() -> None:
        for _ in range(5):
            await recount(Post, post.id, "like_count", of=Like, where={"post_id": post.id})

    await asyncio.gather(
        *(community.like_post(board, user_id=one, post_id=post.id) for one in people), count_anew()
    )
    assert (await counters(post.id))["like_count"] == len(people)


async def test_what_is_hidden_or_gone_is_not_liked(board: Resources) -> None:
    mina = await a_writer()
    post = await a_post(board, mina)
    await hide(post.id)
    with pytest.raises(NotFound):
        await community.like_post(board, user_id=mina, post_id=post.id)
    with pytest.raises(NotFound):
        await community.unlike_post(board, user_id=await a_writer(), post_id=post.id)
