"""Many people at once, doing everything that the board allows; then everything is counted anew."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from dupi.community import service as community
from dupi.community.models import Comment, Like, Post, PostImage
from dupi.errors import DupiError
from dupi.resources import Resources
from tests.community.doing import a_comment, a_draft, a_post, a_writer

PEOPLE: Final = 8
_POSTS_AT_FIRST: Final = 4

_Deed = Callable[["Person"], Awaitable[object]]


@dataclass
class Mixture:
    """``done`` and ``refused``: how often, by deed and, where refused, code."""

    seed: int
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("seed", "done", "refused", "problems")}

    def show(self, console: Console) -> None:
        table = Table("what", "times", title="mixed operations on the board")
        for name, times in (self.done + self.refused).most_common():
            table.add_row(name, str(times))
        console.print(table)
        for problem in self.problems:
            console.print(problem, style="red", markup=False, soft_wrap=True)


@dataclass
class Person:
    board: Resources
    user_id: str
    dice: random.Random

    async def any_post(self, **where: Any) -> str:
        rows = await Post.get_pymongo_collection().find(where, {"_id": 1}).to_list()
        return str(self.dice.choice(rows)["_id"]) if rows else "none"

    async def any_comment(self, **where: Any) -> str:
        rows = await Comment.get_pymongo_collection().find(where, {"_id": 1}).to_list()
        return str(self.dice.choice(rows)["_id"]) if rows else "none"


async def _post(one: Person) -> None:
    await a_post(one.board, one.user_id)


async def _edit(one: Person) -> None:
    post_id = await one.any_post(author_id=one.user_id)
    draft = a_draft(f"고침 {one.dice.random()}")
    await community.update_post(
        one.board,
        author_id=one.user_id,
        post_id=post_id,
        changes=community.Changes(title=draft.title),
    )


async def _delete_post(one: Person) -> None:
    post_id = await one.any_post(author_id=one.user_id)
    await community.delete_post(one.board, author_id=one.user_id, post_id=post_id)


async def _comment(one: Person) -> None:
    await a_comment(one.board, await one.any_post(), one.user_id)


async def _reply(one: Person) -> None:
    parent = await Comment.find_one({"_id": await one.any_comment(parent_id="")})
    if parent:
        await a_comment(one.board, parent.post_id, one.user_id, parent_id=parent.id)


async def _delete_comment(one: Person) -> None:
    comment_id = await one.any_comment(author_id=one.user_id)
    await community.delete_comment(author_id=one.user_id, comment_id=comment_id)


async def _like(one: Person) -> None:
    await community.like_post(one.board, user_id=one.user_id, post_id=await one.any_post())


async def _unlike(one: Person) -> None:
    await community.unlike_post(one.board, user_id=one.user_id, post_id=await one.any_post())


_DEEDS: Final[dict[str, tuple[_Deed, int]]] = {
    "post": (_post, 2),
    "edit": (_edit, 1),
    "delete a post": (_delete_post, 2),
    "comment": (_comment, 5),
    "reply": (_reply, 5),
    "delete a comment": (_delete_comment, 4),
    "like": (_like, 6),
    "unlike": (_unlike, 4),
}


async def run(board: Resources, *, operations: int, seed: int) -> Mixture:
    """``operations`` in all by eight people at once, then look at what is left."""
    mixture = Mixture(seed)
    people = [await a_writer(f"사람 {number}") for number in range(PEOPLE)]
    for number in range(_POSTS_AT_FIRST):
        await a_post(board, people[number])
    share, rest = divmod(operations, PEOPLE)
    async with asyncio.TaskGroup() as group:
        for number, user_id in enumerate(people):
            one = Person(board, user_id, random.Random(f"{seed} {number}"))  # noqa: S311
            group.create_task(_live(one, share + (number < rest), mixture))
    mixture.problems += await what_is_wrong()
    return mixture


async def _live(one: Person, operations: int, mixture: Mixture) -> None:
    names, weights = list(_DEEDS), [weight for _, weight in _DEEDS.values()]
    for _ in range(operations):
        [name] = one.dice.choices(names, weights)
        try:
            await _DEEDS[name][0](one)
            mixture.done[name] += 1
        except DupiError as refused:
            mixture.refused[f"{name}: {refused.code}"] += 1


async def what_is_wrong() -> list[str]:
    """Counters that differ from their recount, and references that lead nowhere."""
    posts = {post.id: post for post in await Post.find({}).to_list()}
    comments = {comment.id: comment for comment in await Comment.find({}).to_list()}
    likes = await Like.find({}).to_list()
    problems = []
    for post_id in posts:
        problems += [
            f"{post_id}: {wrong}"
            for wrong in [await community.recount_post(post_id=post_id)]
            if wrong
        ]
    problems += [f"a like of nothing: {like.id}" for like in likes if like.post_id not in posts]
    for comment in comments.values():
        if comment.post_id not in posts:
            problems.append(f"a comment on nothing: {comment.id}")
        if comment.parent_id and comment.parent_id not in comments:
            problems.append(f"an answer to nothing: {comment.id}")
        if not comment.counts and not comment.reply_count:
            problems.append(f"a place that nothing keeps: {comment.id}")
    owed = [one.id for one in [*comments.values(), *likes] if one.owed_at_ms]
    held = [one.id for one in [*posts.values(), *comments.values()] if one.counting]
    for image in await PostImage.find({}).to_list():
        if image.post_id and image.post_id not in posts:
            problems.append(f"an image of nothing: {image.id}")
    return problems + [f"never settled: {one}" for one in owed + held]
