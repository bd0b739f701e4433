"""What a person's archive holds of the board: the exporter of this noun."""

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Final

from dupi.accounts.archive import Part, Rows, StoredFile
from dupi.accounts.exporting import rows_of
from dupi.community.models import Block, Comment, Like, Post, PostImage, Report
from dupi.documents import StoredDocument

if TYPE_CHECKING:
    from dupi.resources import Resources

_KINDS: Final[tuple[tuple[str, type[StoredDocument], str], ...]] = (
    ("posts", Post, "author_id"),
    ("comments", Comment, "author_id"),
    ("likes", Like, "user_id"),
    ("post_images", PostImage, "owner_id"),
    ("blocked_authors", Block, "blocker_id"),
    ("content_reports", Report, "reporter_id"),
)
"""Name, document, and the field that names the person."""
_INNER: Final = frozenset({"search_text", "grams", "counting", "owed_audits"})
"""What the platform makes of the same words, and what it notes for itself."""


async def export_community(resources: "Resources", user_id: str) -> AsyncIterator[Part]:
    """Documents, and images as they are kept."""
    for name, kind, owner in _KINDS:
        yield Rows(name, partial(rows_of, kind, {owner: user_id}), _INNER)
    async for row in rows_of(PostImage, {"owner_id": user_id}):
        yield StoredFile(f"post_images/{row['_id']}.jpg", row["image_key"])
