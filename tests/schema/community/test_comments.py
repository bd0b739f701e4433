"""Comments and replies, as GraphQL text: the good case, and every refusal."""

from tests.schema.community.doing import a_comment_id, a_post_id, commented
from tests.support.web import Caller


async def test_a_comment_and_a_reply(mina: Caller, other: Caller, anyone: Caller) -> None:
    post_id = await a_post_id(mina)
    answer = await commented(other, post_id)
    assert answer["post"]["commentCount"] == 1
    top = answer["comment"]
    reply_id = await a_comment_id(mina, post_id, parentId=top["id"])
    [edge] = (await anyone.run("Post", id=post_id))["comments"]["edges"]
    shown = edge["node"]
    assert (shown["body"], shown["author"]["nickname"]) == ("저도요", "다른이")
    assert (shown["replyCount"], shown["viewerCanDelete"]) == (1, False)
    [reply] = shown["replies"]["edges"]
    assert (reply["node"]["id"], reply["node"]["parentId"]) == (reply_id, top["id"])
    assert (await mina.run("Node", id=reply_id))["__typename"] == "Comment"
    deeper = await commented(other, post_id, parentId=reply_id)
    assert deeper["fields"][0]["path"] == ["parentId"]


async def test_what_is_wrong_is_named(mina: Caller, anyone: Caller) -> None:
    post_id = await a_post_id(mina)
    for body, code in (("  ", "REQUIRED"), ("가" * 1001, "TOO_LONG")):
        refused = await commented(mina, post_id, body=body)
        assert (refused["fields"][0]["path"], refused["fields"][0]["code"]) == (["body"], code)
    assert (await commented(anyone, post_id))["__typename"] == "UnauthenticatedError"
    assert (await commented(mina, "nonsense"))["__typename"] == "NotFoundError"
    another = await a_post_id(mina)
    parent_id = await a_comment_id(mina, another)
    refused = await commented(mina, post_id, parentId=parent_id)
    assert refused["__typename"] == "NotFoundError"


async def test_a_key_makes_one_comment(mina: Caller) -> None:
    post_id = await a_post_id(mina)
    first, again = [await commented(mina, post_id, idempotencyKey="k") for _ in range(2)]
    assert first["comment"]["id"] == again["comment"]["id"]
    assert again["post"]["commentCount"] == 1
    other = await commented(mina, post_id, idempotencyKey="k", body="다른 말")
    assert other["__typename"] == "ConflictError"


async def test_who_comments_too_fast(mina: Caller) -> None:
    post_id = await a_post_id(mina)
    answers = [await commented(mina, post_id) for _ in range(21)]
    assert answers[-1]["__typename"] == "RateLimitedError"


async def test_an_edit(mina: Caller, other: Caller) -> None:
    comment_id = await a_comment_id(mina, await a_post_id(mina))
    given = {"commentId": comment_id, "body": "고쳤어요"}
    edited = (await mina.run("UpdateComment", input=given))["comment"]
    assert (edited["body"], bool(edited["editedAt"])) == ("고쳤어요", True)
    assert (await other.run("UpdateComment", input=given))["__typename"] == "NotFoundError"
    blank = await mina.run("UpdateComment", input=given | {"body": ""})
    assert blank["fields"][0]["code"] == "REQUIRED"


async def test_a_deleted_comment_leaves_its_place_to_its_replies(
    mina: Caller, other: Caller
) -> None:
    post_id = await a_post_id(mina)
    top = await a_comment_id(mina, post_id)
    reply = await a_comment_id(other, post_id, parentId=top)
    refused = await other.run("DeleteComment", input={"commentId": top})
    assert refused["__typename"] == "NotFoundError"
    deleted = await mina.run("DeleteComment", input={"commentId": top})
    place = {"id": top, "body": None, "author": None, "replyCount": 1}
    assert deleted["comment"] == place
    assert deleted["post"]["commentCount"] == 1
    gone = await other.run("DeleteComment", input={"commentId": reply})
    assert (gone["comment"], gone["post"]["commentCount"]) == (None, 0)
    assert (await mina.run("Post", id=post_id))["comments"]["edges"] == []
