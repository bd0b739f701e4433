"""Comments on posts, and replies to them; replies have none.

A new comment shows once its post and the comment that it answers have counted it. A deleted one
loses text and author at once; where replies keep it, its place stays until the last of them goes.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from dupi.accounts.fields import check
from dupi.adapters.limits import Limit
from dupi.clock import utc_now
from dupi.community.counting import count, forget, fresh_debt, take_over
from dupi.community.models import NOBODY, Comment, Post
from dupi.community.reading import get_comment, get_post, require_open_post
from dupi.community.texts import read_comment
from dupi.errors import InvalidInput, NotFound
from dupi.idempotency import fingerprint, once
from dupi.ids import sort_key
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_KEPT: Final = {"keeping": Keeping.KEPT.value}
_STANDING: Final = _KEPT | {"counts": True}
_SHOWN: Final = {"counting": 0}

_Row = dict[str, Any]


async def create_comment(  # noqa: PLR0913
    resources: "Resources",
    *,
    author_id: str,
    post_id: str,
    body: str,
    parent_id: str | None = None,
    idempotency_key: str | None = None,
) -> Comment:
    """Comment on a post, or answer one of its comments.

    Raises InvalidInput (``body``; ``parentId``: a reply), NotFound (post or parent), Conflict
    (key), RateLimited.
    """
    text = read_comment(body)
    check(body=text)
    await _pace(resources, author_id)
    fields = {
        "author_id": author_id,
        "post_id": post_id,
        "parent_id": parent_id or "",
        "body": str(text),
    }
    return await once(
        person_id=author_id,
        operation="createComment",
        key=idempotency_key,
        fingerprint=fingerprint(fields),
        make=partial(_make, fields),
        find=lambda comment_id: get_comment(comment_id=comment_id),
    )


async def update_comment(
    resources: "Resources", *, author_id: str, comment_id: str, body: str
) -> Comment:
    """Raises InvalidInput (``body``), NotFound, RateLimited."""
    text = read_comment(body)
    check(body=text)
    await _pace(resources, author_id)
    row = await _comments().find_one_and_update(
        {"_id": comment_id, "author_id": author_id} | _STANDING,
        {"$set": {"body": str(text), "edited_at": utc_now()}},
        _SHOWN,
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        raise NotFound(f"no comment {comment_id}")
    return Comment.from_row(row)


async def delete_comment(*, author_id: str, comment_id: str) -> tuple[Post, Comment | None]:
    """Its post, and its empty place where replies keep one.

    Raises NotFound, also where the post is gone or hidden.
    """
    own = {"_id": comment_id, "author_id": author_id} | _STANDING
    found = await _comments().find_one(own, {"post_id": 1})
    if found is None:
        raise NotFound(f"no comment {comment_id}")
    await get_post(post_id=found["post_id"], viewer_id=author_id)
    if await empty(own) is None:
        raise NotFound(f"no comment {comment_id}")
    row = await _comments().find_one({"_id": comment_id}, _SHOWN)
    post = await get_post(post_id=found["post_id"], viewer_id=author_id)
    return post, Comment.from_row(row) if row else None


async def empty(where: _Row) -> Comment | None:
    """Take text and author off one comment that ``where`` finds; None where it finds none."""
    gone = {"counts": False, "body": None, "author_id": NOBODY, "edited_at": None}
    hidden = {"is_hidden": False, "hidden_reason": ""}
    row = await _comments().find_one_and_update(
        where | _STANDING,
        {"$set": gone | hidden | fresh_debt()},
        _SHOWN,
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return None
    comment = Comment.from_row(row)
    await _settle(comment)
    return comment


async def finish_comments() -> int:
    """Finish what was cut off; how many."""
    late = await take_over(Comment)
    for comment in late:
        await _settle(comment)
    return len(late)


async def _pace(resources: "Resources", author_id: str) -> None:
    limits = resources.settings.community
    limit = Limit(limits.comments_per_person, limits.comment_refill_seconds)
    await resources.limits.take(f"comment:{author_id}", limit)


async def _make(fields: _Row, comment_id: str) -> Comment:
    if made := await _comments().find_one({"_id": comment_id}, _SHOWN):  # by a call cut off
        return await _shown(Comment.from_row(made))
    await require_open_post(fields["post_id"])
    await _check_parent(fields["post_id"], fields["parent_id"])
    now = utc_now()
    made = {"_id": comment_id, "created_at": now, "sort_key": sort_key(now, comment_id)}
    arriving = {"keeping": Keeping.ARRIVING.value}
    comment = Comment.from_row(made | fields | arriving | fresh_debt())
    await comment.insert()
    return await _shown(comment)


async def _check_parent(post_id: str, parent_id: str) -> None:
    """Raises NotFound where it is not a comment of this post that stands, InvalidInput for a
    reply."""
    if not parent_id:
        return
    where = {"_id": parent_id, "post_id": post_id, "is_hidden": False} | _STANDING
    parent = await _comments().find_one(where, {"parent_id": 1})
    if parent is None:
        raise NotFound(f"no comment {parent_id}")
    if parent["parent_id"]:
        raise InvalidInput.at("parentId")


async def _shown(comment: Comment) -> Comment:
    """Raises NotFound where post or parent went meanwhile."""
    if comment.owed_at_ms and not await _settle(comment):
        raise NotFound("what was answered is gone")
    comment.keeping = Keeping.KEPT
    return comment


async def _settle(comment: Comment) -> bool:
    """Let parent and post know; whether the comment came to stand."""
    return await (_appear(comment) if comment.counts else _vanish(comment))


async def _appear(comment: Comment) -> bool:
    """The parent comes first: were the post's counter changed and the parent then gone, it would
    have to be changed back. A post that is gone takes the parent with it."""
    is_known = await _tell_parent(comment, only=_STANDING) and await _tell_post(comment)
    where = {"_id": comment.id, "op": comment.op}
    if is_known:
        await _comments().update_one(where, {"$set": _KEPT | {"owed_at_ms": 0}})
    else:
        await _comments().delete_one(where)
    await _forget(comment)
    return is_known


async def _vanish(comment: Comment) -> bool:
    await _tell_post(comment)
    await _tell_parent(comment, only=_KEPT)
    where = {"_id": comment.id, "op": comment.op}
    gone = await _comments().delete_one(where | {"reply_count": 0})
    if not gone.deleted_count:
        await _comments().update_one(where, {"$set": {"owed_at_ms": 0}})
    await _forget(comment)
    for identity in (comment.id, comment.parent_id):
        await _drop_bare(identity)
    return False


async def _drop_bare(comment_id: str) -> None:
    """A place without text that no reply keeps any more; there is none of no id."""
    bare = {"_id": comment_id, "counts": False, "owed_at_ms": 0, "reply_count": 0}
    await _comments().delete_one(bare)


async def _tell_post(comment: Comment) -> bool:
    return await count(Post, comment.post_id, "comment_count", comment, only=_KEPT)


async def _tell_parent(comment: Comment, *, only: _Row) -> bool:
    if not comment.parent_id:
        return True
    return await count(Comment, comment.parent_id, "reply_count", comment, only=only)


async def _forget(comment: Comment) -> None:
    await forget(Post, comment.post_id, comment)
    if comment.parent_id:
        await forget(Comment, comment.parent_id, comment)


def _comments() -> AsyncCollection[_Row]:
    return Comment.get_pymongo_collection()
