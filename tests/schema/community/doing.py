"""Short ways to post and comment as GraphQL text."""

from typing import Any

from tests.support.web import Caller, operation


async def posted(who: Caller, **changes: Any) -> Any:
    given = {"board": "FREE", "title": "두피가 가려워요", "body": "샴푸를 바꿨어요."} | changes
    return await who.run("CreatePost", input=given)


async def a_post_id(who: Caller, **changes: Any) -> str:
    answer = await posted(who, **changes)
    assert answer["__typename"] == "CreatePostPayload", answer
    return str(answer["post"]["id"])


async def commented(who: Caller, post_id: str, **changes: Any) -> Any:
    return await who.run("CreateComment", input={"postId": post_id, "body": "저도요"} | changes)


async def a_comment_id(who: Caller, post_id: str, **changes: Any) -> str:
    answer = await commented(who, post_id, **changes)
    assert answer["__typename"] == "CreateCommentPayload", answer
    return str(answer["comment"]["id"])


async def an_image(who: Caller, data: bytes, **more: Any) -> Any:
    answer = await who.send_form(
        {
            "query": operation("UploadPostImage"),
            "variables": {"input": {"file": None, **more}},
        },
        {"0": ["variables.input.file"]},
        {"0": data},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["uploadPostImage"]


async def feed(who: Caller, **variables: Any) -> list[Any]:
    edges = (await who.run("Posts", **variables))["edges"]
    return [edge["node"] for edge in edges]
