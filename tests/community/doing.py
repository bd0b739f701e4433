"""Short ways to do what people do on the board."""

from typing import Any

from dupi.accounts.models import User
from dupi.clock import utc_now
from dupi.community import service as community
from dupi.community.models import Board, Comment, Like, Post, PostImage
from dupi.ids import new_id
from dupi.resources import Resources
from tests.support.photos import photo_bytes


async def a_writer(nickname: str = "글쓴이") -> str:
    """A new account's id, without the cost of a password."""
    user = User(
        email=f"{new_id()}@example.com", password_hash="none", nickname=nickname, birth_year=1991
    )
    await user.insert()
    return user.id


def a_draft(title: str = "두피가 가려워요", **changes: Any) -> community.Draft:
    fields: dict[str, Any] = {"board": Board.FREE, "title": title, "body": "샴푸를 바꿨어요."}
    return community.Draft(**(fields | changes))


async def a_post(board: Resources, author_id: str | None = None, /, **changes: Any) -> Post:
    author_id = author_id or await a_writer()
    return await community.create_post(board, author_id=author_id, draft=a_draft(**changes))


async def a_comment(
    board: Resources, post_id: str, author_id: str | None = None, *, parent_id: str | None = None
) -> Comment:
    return await community.create_comment(
        board,
        author_id=author_id or await a_writer(),
        post_id=post_id,
        parent_id=parent_id,
        body="저도 그래요",
    )


async def an_image(board: Resources, owner_id: str, *, seed: int = 7) -> PostImage:
    return await community.upload_post_image(
        board, owner_id=owner_id, data=photo_bytes(64, 48, seed=seed)
    )


async def counters(post_id: str) -> dict[str, int]:
    """What the store holds of a post's counters now."""
    row = await Post.get_pymongo_collection().find_one({"_id": post_id})
    assert row
    return {name: row[name] for name in ("like_count", "comment_count")}


async def what_is_left() -> dict[str, int]:
    """How many records of each kind there are."""
    kinds = (Post, Comment, Like, PostImage)
    return {kind.__name__: await kind.find({}).count() for kind in kinds}


async def cut_off_long_ago(kind: type[Comment] | type[Like], where: dict[str, Any]) -> None:
    """As if what ``where`` finds had begun hours ago and nobody had gone on."""
    long_ago = round(utc_now().timestamp() * 1000) - 7_200_000
    change = {"$set": {"owed_at_ms": long_ago}}
    await kind.get_pymongo_collection().update_many(where, change)
