"""Posts, as GraphQL text: the good case, and every refusal."""

from typing import Any

import pytest

from tests.schema.community.doing import a_post_id, an_image, feed, posted
from tests.support.photos import encoded, photo_bytes, png_of_header, scalp_picture
from tests.support.web import Caller


async def test_a_post_comes_to_the_board(mina: Caller, anyone: Caller) -> None:
    post_id = await a_post_id(mina, title="  <b>제목</b> ", body="첫 줄\n둘째 줄")
    post = await anyone.run("Post", id=post_id)
    assert (post["title"], post["body"]) == ("<b>제목</b>", "첫 줄\n둘째 줄")
    assert post["author"]["nickname"] == "미나"
    assert (post["likeCount"], post["commentCount"], post["viewerHasLiked"]) == (0, 0, False)
    assert (post["viewerCanEdit"], post["viewerCanDelete"]) == (False, False)
    assert (await mina.run("Post", id=post_id))["viewerCanEdit"] is True
    [listed] = await feed(anyone)
    assert (listed["id"], listed["excerpt"]) == (post_id, "첫 줄 둘째 줄")
    assert (await mina.run("Node", id=post_id))["__typename"] == "Post"


async def test_posting_needs_a_session(anyone: Caller) -> None:
    assert (await posted(anyone))["__typename"] == "UnauthenticatedError"


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"title": "  "}, ["title"], "REQUIRED"),
        ({"title": "가" * 101}, ["title"], "TOO_LONG"),
        ({"body": "\u200b"}, ["body"], "REQUIRED"),
        ({"body": "가" * 5001}, ["body"], "TOO_LONG"),
        ({"share": ["PLAN"]}, ["share"], "INVALID"),
    ],
)
async def test_what_is_wrong_is_named(
    mina: Caller, changes: dict[str, Any], path: list[str], code: str
) -> None:
    refused = await posted(mina, **changes)
    assert refused["__typename"] == "InvalidInputError"
    assert [(one["path"], one["code"]) for one in refused["fields"]] == [(path, code)]


async def test_a_key_makes_one_post(mina: Caller) -> None:
    first, again = [await posted(mina, idempotencyKey="k") for _ in range(2)]
    assert first["post"]["id"] == again["post"]["id"]
    other = await posted(mina, idempotencyKey="k", title="다른 글")
    assert other["__typename"] == "ConflictError"


async def test_who_posts_too_fast(mina: Caller) -> None:
    answers = [await posted(mina, title=f"글 {number}") for number in range(11)]
    assert answers[-1]["__typename"] == "RateLimitedError"
    assert answers[-1]["retryAfterSeconds"] > 0


async def test_an_edit_and_a_deletion(mina: Caller, other: Caller) -> None:
    post_id = await a_post_id(mina)
    edited = await mina.run("UpdatePost", input={"postId": post_id, "title": "고친 제목"})
    assert (edited["post"]["title"], bool(edited["post"]["editedAt"])) == ("고친 제목", True)
    cleared = await mina.run("UpdatePost", input={"postId": post_id, "title": None})
    assert cleared["fields"][0]["code"] == "REQUIRED"
    for name in ("UpdatePost", "DeletePost"):
        refused = await other.run(name, input={"postId": post_id})
        assert refused["__typename"] == "NotFoundError"
    deleted = await mina.run("DeletePost", input={"postId": post_id})
    assert deleted["deletedId"] == post_id
    assert await mina.run("Post", id=post_id) is None


async def test_images_of_a_post(mina: Caller, other: Caller) -> None:
    uploaded = await an_image(mina, photo_bytes(64, 48))
    image = uploaded["image"]
    assert (image["width"], image["height"]) == (64, 48)
    assert (await mina.http.get(image["url"])).status_code == 200
    refused = await posted(other, imageIds=[image["id"]])
    assert refused["__typename"] == "NotFoundError"
    assert await other.run("Node", id=image["id"]) is None
    post_id = await a_post_id(mina, imageIds=[image["id"]])
    [shown] = (await other.run("Post", id=post_id))["images"]
    assert shown["id"] == image["id"]
    assert (await other.run("Node", id=image["id"]))["__typename"] == "PostImage"
    too_many = await posted(mina, imageIds=[image["id"]] * 5)
    assert too_many["fields"][0]["code"] == "TOO_MANY"


@pytest.mark.parametrize(
    "data",
    [b"", b"text", png_of_header(50_000, 50_000), photo_bytes()[:2000], photo_bytes(16, 16)],
    ids=["empty", "text", "huge header", "cut off", "tiny"],
)
async def test_a_file_that_is_no_image(mina: Caller, data: bytes) -> None:
    assert (await an_image(mina, data))["__typename"] == "UnsupportedImageError"


async def test_an_image_need_not_be_a_good_photo(mina: Caller) -> None:
    dark = encoded(scalp_picture().point(lambda value: value // 30))
    assert (await an_image(mina, dark))["__typename"] == "UploadPostImagePayload"


async def test_an_upload_is_taken_once_a_key(mina: Caller) -> None:
    data = photo_bytes(64, 48)
    first, again = [await an_image(mina, data, idempotencyKey="k") for _ in range(2)]
    assert first["image"]["id"] == again["image"]["id"]
    other = await an_image(mina, photo_bytes(80, 60), idempotencyKey="k")
    assert other["__typename"] == "ConflictError"


async def test_ones_own_posts(mina: Caller, other: Caller) -> None:
    await a_post_id(other)
    post_id = await a_post_id(mina)
    viewer = await mina.run("MyPosts")
    assert viewer["author"]["nickname"] == "미나"
    assert [edge["node"]["id"] for edge in viewer["posts"]["edges"]] == [post_id]


async def test_a_search(mina: Caller) -> None:
    post_id = await a_post_id(mina, title="탈모샴푸 후기")
    await a_post_id(mina, title="다른 글")
    assert [post["id"] for post in await feed(mina, search="모샴")] == [post_id]
    assert [post["id"] for post in await feed(mina, search="탈모", board="FREE")] == [post_id]
    assert await feed(mina, search="탈모", board="QUESTION") == []
    text = "query Q($s: String) { posts(search: $s) { edges { cursor } } }"
    assert await mina.code(text, s="가" * 101) == "INVALID_INPUT"


async def test_likes(mina: Caller, other: Caller, anyone: Caller) -> None:
    post_id = await a_post_id(mina)
    for name, count in (("LikePost", 1), ("LikePost", 1), ("UnlikePost", 0), ("UnlikePost", 0)):
        post = (await other.run(name, input={"postId": post_id}))["post"]
        assert (post["likeCount"], post["viewerHasLiked"]) == (count, count == 1)
    refused = await anyone.run("LikePost", input={"postId": post_id})
    assert refused["__typename"] == "UnauthenticatedError"
    await mina.run("DeletePost", input={"postId": post_id})
    for name in ("LikePost", "UnlikePost"):
        gone = await other.run(name, input={"postId": post_id})
        assert gone["__typename"] == "NotFoundError"
