"""What people do on the board. Everything checks whose it is and who may see it.

What is absent, another's or hidden is ``NotFound``, all alike.
"""

from typing import Final

from dupi.analyses.sharing import AnalysisPart
from dupi.community.blocking import block_author, blocked_among, unblock_author
from dupi.community.commenting import create_comment, delete_comment, update_comment
from dupi.community.counting import recount
from dupi.community.drafts import Changes, Draft
from dupi.community.images import get_image, upload_post_image
from dupi.community.liking import like_post, unlike_post
from dupi.community.models import Comment, Like, Post
from dupi.community.moderating import hide_content, restore_content
from dupi.community.posting import create_post, delete_post, update_post
from dupi.community.reading import (
    PostFilter,
    get_comment,
    get_post,
    liked_among,
    list_comments,
    list_posts,
    list_posts_of,
    load_bodies,
)
from dupi.community.reporting import get_report, list_reports, load_content, report_content

__all__ = [
    "AnalysisPart",
    "Changes",
    "Draft",
    "PostFilter",
    "block_author",
    "blocked_among",
    "create_comment",
    "create_post",
    "delete_comment",
    "delete_post",
    "get_comment",
    "get_image",
    "get_post",
    "get_report",
    "hide_content",
    "like_post",
    "liked_among",
    "list_comments",
    "list_posts",
    "list_posts_of",
    "list_reports",
    "load_bodies",
    "load_content",
    "recount_post",
    "report_content",
    "restore_content",
    "unblock_author",
    "unlike_post",
    "update_comment",
    "update_post",
    "upload_post_image",
]

_LIKES: Final = "like_count"
_COMMENTS: Final = "comment_count"
_REPLIES: Final = "reply_count"


async def recount_post(*, post_id: str) -> dict[str, int]:
    """Count likes, comments and replies of a post anew, and put right what was wrong: by how much,
    by the counter's name (of replies: by the comment's id). Raises NotFound, Unavailable."""
    where = {"post_id": post_id}
    wrong = {
        _LIKES: await recount(Post, post_id, _LIKES, of=Like, where=where),
        _COMMENTS: await recount(Post, post_id, _COMMENTS, of=Comment, where=where),
    }
    tops = Comment.get_pymongo_collection().find(where | {"parent_id": ""}, {"_id": 1})
    for row in await tops.to_list():
        replies = {"parent_id": row["_id"]}
        wrong[row["_id"]] = await recount(Comment, row["_id"], _REPLIES, of=Comment, where=replies)
    return {name: by for name, by in wrong.items() if by}
