"""A list asks the store for a fixed number of things, whatever it shows."""

from dataclasses import replace
from typing import Any

import pytest

from dupi.resources import Resources
from schema.relay import global_id, parse_id
from tests.community.conftest import MANY
from tests.community.doing import a_comment, a_post
from tests.support.reads import counted_reads
from tests.support.web import Caller, operation

_SIGNED_IN = ["sessions", "users"]
COMMENTS = """
query C($id: ID!, $first: Int) { post(id: $id) { comments(first: $first) { edges { node {
  body replyCount author { nickname viewerHasBlocked } } } } } }
"""
BODIES = "query B($first: Int) { posts(first: $first) { edges { node { body title } } } }"
SIZES = pytest.mark.parametrize("size", [1, 20])


@pytest.fixture
async def post_id(parts: Resources) -> str:
    """The last of twenty posts, each by someone else, with twenty comments."""
    board = replace(parts, settings=parts.settings.model_copy(update={"community": MANY}))
    for number in range(20):
        post = await a_post(board, title=f"글 {number}")
    for _ in range(20):
        await a_comment(board, post.id)
    return post.id


async def asked(
    who: Caller, patch: pytest.MonkeyPatch, document: str, **variables: Any
) -> tuple[list[str], Any]:
    """What is read beyond who is asking, sorted, and the answer."""
    with patch.context() as counting:
        reads = counted_reads(counting)
        data = await who.data(document, **variables)
    assert reads[:2] == _SIGNED_IN
    return sorted(reads[2:]), data


@SIZES
async def test_the_feed(
    mina: Caller, post_id: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Posts with author, counts and liked by me: in four."""
    reads, data = await asked(mina, monkeypatch, operation("Posts"), first=size)
    assert len(data["posts"]["edges"]) == size
    assert reads == ["blocks", "likes", "posts", "users"]


@SIZES
async def test_bodies_cost_one_more(
    mina: Caller, post_id: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    reads, _ = await asked(mina, monkeypatch, BODIES, first=size)
    assert reads == ["blocks", "posts", "posts"]


@SIZES
async def test_comments(
    mina: Caller, post_id: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    identity = global_id("Post", post_id)
    reads, data = await asked(mina, monkeypatch, COMMENTS, id=identity, first=size)
    assert len(data["post"]["comments"]["edges"]) == size
    assert reads == ["blocks", "blocks", "comments", "posts", "users"]


@pytest.mark.parametrize("size", [1, 5])
async def test_ones_own_posts(
    parts: Resources, mina: Caller, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    author_id = parse_id((await mina.run("Viewer"))["id"])[1]
    for _ in range(5):
        await a_post(parts, author_id)
    reads, data = await asked(mina, monkeypatch, operation("MyPosts"), first=size)
    assert len(data["viewer"]["posts"]["edges"]) == size
    assert reads == ["posts", "users"]
