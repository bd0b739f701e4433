"""Posts, comments, likes and what hangs on them, as the store keeps them.

An empty ``author_id`` is that of one who has left; an empty ``parent_id`` that of a comment on the
post itself. (Embedded stores err on equality with null.)

Counters live in what is counted *in*; ``counting.py`` says how they stay exact.
"""

from enum import StrEnum
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from dupi.analyses.sharing import AnalysisPart
from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument
from dupi.pictures import Keeping, StoredPicture

NOBODY: Final = ""


class Board(StrEnum):
    FREE = "FREE"
    HAIR_LOSS = "HAIR_LOSS"
    SCALP_CARE = "SCALP_CARE"
    PRODUCT_REVIEW = "PRODUCT_REVIEW"
    QUESTION = "QUESTION"


class ReportReason(StrEnum):
    SPAM = "SPAM"
    ABUSE = "ABUSE"
    PRIVACY = "PRIVACY"
    FALSE_HEALTH_CLAIM = "FALSE_HEALTH_CLAIM"
    SEXUAL = "SEXUAL"
    OTHER = "OTHER"


class ContentKind(StrEnum):
    """Named as in the schema."""

    POST = "Post"
    COMMENT = "Comment"


def _index(name: str, *fields: str) -> IndexModel:
    """Ascending, but for the sort key of what is listed newest first."""
    order = [(field, DESCENDING if field == "sort_key" else ASCENDING) for field in fields]
    return IndexModel(order, name=name)


class Counted(BaseModel):
    """What a counter knows of. ``counts``: False once it is taken back.

    ``op`` names what was done to it last, and ``owed_at_ms`` is when that began; 0 once its
    counters know of it.
    """

    counts: bool = True
    op: str
    owed_at_ms: int


class Counting(StoredDocument):
    """Has counters. ``counting``: the operations that are in them and not settled yet."""

    counting: dict[str, bool] = Field(default_factory=dict)
    count_revision: int = 0


class Content(Counting):
    """What people write. ``is_hidden`` by an operator, for the reason that the author is told.

    ``owed_audits``: records of what operators did to it that are still to be written, by number of
    the act; ``audits_owed`` is how many.
    """

    author_id: str
    is_hidden: bool = False
    hidden_reason: str = ""
    owed_audits: dict[str, dict[str, Any]] = Field(default_factory=dict)
    audits_owed: int = 0
    keeping: Keeping = Keeping.KEPT
    created_at: UtcDatetime = Field(default_factory=utc_now)
    edited_at: UtcDatetime | None = None
    sort_key: str


class AttachedImage(BaseModel):
    """An image as its post shows it: what never changes is kept with the post."""

    model_config = ConfigDict(frozen=True)

    id: str
    width: int
    height: int
    image_key: str
    thumbnail_key: str


class Post(Content):
    """``analysis_id``: the attached one's, or empty; ``share``: the parts of it that are shown.

    ``search_text`` and ``grams``: see ``search.py``. ``revision`` is raised by every edit.
    """

    board: Board
    title: str
    body: str = ""
    excerpt: str
    images: tuple[AttachedImage, ...] = ()
    analysis_id: str = ""
    share: tuple[AnalysisPart, ...] = ()
    like_count: int = 0
    comment_count: int = 0
    revision: int = 0
    search_text: str = ""
    grams: list[str] = Field(default_factory=list)

    class Settings:
        name = "posts"
        indexes: ClassVar = [
            _index("newest", "sort_key"),
            _index("board_newest", "board", "sort_key"),
            _index("author_newest", "author_id", "sort_key"),
            _index("author", "author_id"),
            _index("keeping", "keeping"),
            _index("audits_owed", "audits_owed"),
        ]


POST_LIST_INDEXES: Final = (_index("grams_newest", "grams", "sort_key"),)
"""For stores that find things by an index on a list: see ``dupi.store``."""


class Comment(Counted, Content):
    """One that does not count is a tombstone: without body and author, kept by its replies."""

    post_id: str
    parent_id: str
    body: str | None
    reply_count: int = 0

    class Settings:
        name = "comments"
        indexes: ClassVar = [
            _index("post_oldest", "post_id", "parent_id", "sort_key"),
            _index("post", "post_id"),
            _index("parent", "parent_id"),
            _index("author", "author_id"),
            _index("owed", "owed_at_ms"),
            _index("audits_owed", "audits_owed"),
        ]


class Like(Counted, StoredDocument):
    """``id`` is made of post and person, so that there is one at most."""

    post_id: str
    user_id: str

    class Settings:
        name = "likes"
        indexes: ClassVar = [
            _index("post", "post_id"),
            _index("user", "user_id"),
            _index("owed", "owed_at_ms"),
        ]


class PostImage(StoredPicture):
    """``post_id``: the post that it belongs to, or is being attached to; empty before that.

    ``loose_until_ms``: no post is known to show it, and it goes after that time; 0 once one is.
    """

    post_id: str = ""
    loose_until_ms: int

    class Settings:
        name = "post_images"
        indexes: ClassVar = [
            _index("owner", "owner_id"),
            _index("post", "post_id"),
            _index("keeping", "keeping"),
            _index("loose", "loose_until_ms"),
        ]


class Block(StoredDocument):
    """``id`` is made of both people. ``blocker_id`` does not see ``blocked_id`` in lists."""

    blocker_id: str
    blocked_id: str
    created_at: UtcDatetime = Field(default_factory=utc_now)

    class Settings:
        name = "blocks"
        indexes: ClassVar = [_index("blocker", "blocker_id"), _index("blocked", "blocked_id")]


class Report(StoredDocument):
    """``id`` is made of person and thing, so that there is one at most. ``is_open``: no operator
    has looked at the thing since."""

    reporter_id: str
    content_kind: ContentKind
    content_id: str
    reason: ReportReason
    note: str = ""
    is_open: bool = True
    created_at: UtcDatetime = Field(default_factory=utc_now)
    sort_key: str

    class Settings:
        name = "reports"
        indexes: ClassVar = [
            _index("newest", "sort_key"),
            _index("open_newest", "is_open", "sort_key"),
            _index("content", "content_id"),
            _index("reporter", "reporter_id"),
        ]
