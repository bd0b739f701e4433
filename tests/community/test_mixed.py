"""The short form of the mixed operations; ``python -m tests.soak --only community`` is the long."""

import json

import pytest

from dupi.community.models import Comment, Like, Post
from dupi.resources import Resources
from tests.community.doing import a_comment, a_post
from tests.community.mixed import run, what_is_wrong


async def test_two_hundred_operations_of_eight_people_leave_all_counters_right(
    board: Resources,
) -> None:
    mixture = await run(board, operations=200, seed=1)
    assert mixture.problems == []
    assert json.loads(json.dumps(mixture.as_json()))["seed"] == 1
    assert sum(mixture.done.values()) + sum(mixture.refused.values()) == 200
    assert sum(mixture.done.values()) > 100, mixture.refused


@pytest.mark.parametrize("kind", [Post, Comment])
async def test_what_is_wrong_is_found(board: Resources, kind: type[Post] | type[Comment]) -> None:
    post = await a_post(board)
    comment = await a_comment(board, post.id)
    assert await what_is_wrong() == []
    if kind is Post:
        change = {"$set": {"like_count": 3}}
        await Post.get_pymongo_collection().update_one({"_id": post.id}, change)
    else:
        await Post.get_pymongo_collection().delete_one({"_id": post.id})
    [problem] = await what_is_wrong()
    assert (post.id if kind is Post else comment.id) in problem
    assert await Like.find({}).count() == 0
