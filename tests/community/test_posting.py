"""Posts: whose images and analyses they may show, edits, keys, and what goes with them."""

import asyncio
from dataclasses import replace

import pytest

from dupi.clock import epoch_ms, utc_now
from dupi.community import images, posting
from dupi.community import service as community
from dupi.community.images import sweep_images
from dupi.community.models import Board, Post, PostImage
from dupi.community.posting import finish_deleting_posts
from dupi.errors import Conflict, FieldErrorCode, InvalidInput, NotFound, RateLimited
from dupi.resources import Resources
from dupi.settings import CommunitySettings
from tests.community.doing import (
    a_comment,
    a_draft,
    a_post,
    a_writer,
    an_image,
    what_is_left,
)


def problem(refused: pytest.ExceptionInfo[InvalidInput]) -> tuple[tuple[str, ...], FieldErrorCode]:
    [found] = refused.value.fields
    return found.path, found.code


async def test_a_post_is_made_once_a_key(board: Resources) -> None:
    mina = await a_writer()
    first, again = [
        await community.create_post(board, author_id=mina, draft=a_draft(), idempotency_key="k")
        for _ in range(2)
    ]
    assert first.id == again.id
    with pytest.raises(Conflict):
        await community.create_post(
            board, author_id=mina, draft=a_draft("다른 글"), idempotency_key="k"
        )
    assert await Post.find({}).count() == 1


async def test_images_are_shown_in_their_order_and_are_nobody_elses(board: Resources) -> None:
    mina = await a_writer()
    ids = [(await an_image(board, mina, seed=seed)).id for seed in (1, 2)]
    post = await a_post(board, mina, image_ids=tuple(reversed(ids)))
    assert [image.id for image in post.images] == list(reversed(ids))
    with pytest.raises(NotFound):
        await a_post(board, await a_writer(), image_ids=(ids[0],))
    with pytest.raises(InvalidInput) as refused:
        await a_post(board, mina, image_ids=(ids[0],))
    assert problem(refused) == (("imageIds", "0"), FieldErrorCode.TAKEN)


@pytest.mark.parametrize(
    ("image_ids", "path", "code"),
    [
        (("x",) * 5, ("imageIds",), FieldErrorCode.TOO_MANY),
        (("x", "x"), ("imageIds", "1"), FieldErrorCode.DUPLICATE),
    ],
)
async def test_images_that_cannot_be(
    board: Resources, image_ids: tuple[str, ...], path: tuple[str, ...], code: FieldErrorCode
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await a_post(board, image_ids=image_ids)
    assert problem(refused) == (path, code)


async def test_an_edit_changes_what_it_names_and_says_when(board: Resources) -> None:
    mina = await a_writer()
    post = await a_post(board, mina)
    assert post.edited_at is None
    edited = await community.update_post(
        board, author_id=mina, post_id=post.id, changes=community.Changes(title="고친 제목")
    )
    assert (edited.title, edited.body, edited.board) == ("고친 제목", post.body, Board.FREE)
    assert edited.edited_at
    with pytest.raises(NotFound):
        await community.update_post(
            board, author_id=await a_writer(), post_id=post.id, changes=community.Changes()
        )
    with pytest.raises(InvalidInput) as refused:
        await community.update_post(
            board, author_id=mina, post_id=post.id, changes=community.Changes(body=None)
        )
    assert problem(refused) == (("body",), FieldErrorCode.REQUIRED)


async def test_an_image_that_is_taken_out_goes_with_its_files(board: Resources) -> None:
    mina = await a_writer()
    old, new = await an_image(board, mina, seed=1), await an_image(board, mina, seed=2)
    post = await a_post(board, mina, image_ids=(old.id,))
    await community.update_post(
        board, author_id=mina, post_id=post.id, changes=community.Changes(image_ids=(new.id,))
    )
    [left] = await PostImage.find({}).to_list()
    assert (left.id, left.loose_until_ms) == (new.id, 0)
    with pytest.raises(NotFound):
        await board.storage.get(old.image_key)
    assert await board.storage.get(new.image_key)


async def test_edits_at_once_leave_only_images_that_are_shown(board: Resources) -> None:
    mina = await a_writer()
    post = await a_post(board, mina)
    made = [await an_image(board, mina, seed=seed) for seed in range(4)]
    await asyncio.gather(
        *(
            community.update_post(
                board,
                author_id=mina,
                post_id=post.id,
                changes=community.Changes(image_ids=(image.id,)),
            )
            for image in made
        )
    )
    [shown] = (await community.get_post(post_id=post.id, viewer_id=mina)).images
    assert [image.id for image in await PostImage.find({}).to_list()] == [shown.id]


async def test_what_nobody_posted_goes_after_a_day(board: Resources) -> None:
    mina = await a_writer()
    loose, shown = await an_image(board, mina, seed=1), await an_image(board, mina, seed=2)
    await a_post(board, mina, image_ids=(shown.id,))
    await sweep_images(board)
    assert await PostImage.find({}).count() == 2, "it may still be posted"
    await PostImage.get_pymongo_collection().update_many(
        {"_id": {"$in": [loose.id, shown.id]}}, {"$set": {"loose_until_ms": 1}}
    )
    await sweep_images(board)
    [left] = await PostImage.find({}).to_list()
    assert (left.id, left.loose_until_ms) == (shown.id, 0), "its post shows it"


async def test_a_post_that_came_to_nothing_leaves_its_images_free(
    board: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina = await a_writer()
    image = await an_image(board, mina)

    async def fail(_: Post) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(Post, "insert", fail)
        with pytest.raises(ConnectionError):
            await a_post(board, mina, image_ids=(image.id,))
    [left] = await PostImage.find({}).to_list()
    assert left.loose_until_ms > epoch_ms(utc_now())
    assert (await a_post(board, mina, image_ids=(image.id,))).images


async def test_a_deleted_post_takes_everything_with_it(board: Resources) -> None:
    mina = await a_writer()
    image = await an_image(board, mina)
    post = await a_post(board, mina, image_ids=(image.id,))
    comment = await a_comment(board, post.id)
    await a_comment(board, post.id, parent_id=comment.id)
    await community.like_post(board, user_id=mina, post_id=post.id)
    with pytest.raises(NotFound):
        await community.delete_post(board, author_id=await a_writer(), post_id=post.id)
    await community.delete_post(board, author_id=mina, post_id=post.id)
    assert await what_is_left() == {"Post": 0, "Comment": 0, "Like": 0, "PostImage": 0}
    with pytest.raises(NotFound):
        await board.storage.get(image.image_key)
    with pytest.raises(NotFound):
        await community.delete_post(board, author_id=mina, post_id=post.id)


async def test_a_deletion_that_was_cut_off_is_finished(
    board: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina = await a_writer()
    post = await a_post(board, mina)
    await a_comment(board, post.id)

    async def cut(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(posting, "_remove", cut)
        with pytest.raises(asyncio.CancelledError):
            await community.delete_post(board, author_id=mina, post_id=post.id)
    with pytest.raises(NotFound):
        await community.get_post(post_id=post.id, viewer_id=mina)
    assert await finish_deleting_posts(board) == 1
    assert await what_is_left() == {"Post": 0, "Comment": 0, "Like": 0, "PostImage": 0}


async def test_who_posts_too_fast_is_told_when(board: Resources) -> None:
    few = CommunitySettings(posts_per_person=2, post_refill_seconds=60)
    slow = replace(board, settings=board.settings.model_copy(update={"community": few}))
    mina = await a_writer()
    for _ in range(2):
        await a_post(slow, mina)
    with pytest.raises(RateLimited) as refused:
        await a_post(slow, mina)
    assert refused.value.retry_after_seconds > 1
    assert await a_post(slow), "others are not held up"


def test_files_of_images_have_a_place_of_their_own() -> None:
    assert images.FILES not in {"photos", "analyses"}
