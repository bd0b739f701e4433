"""Posts, comments and images, as whoever asks may see them."""

from datetime import datetime
from typing import Self

import strawberry

from dupi.analyses.sharing import AnalysisPart, SharedKey
from dupi.community import models
from dupi.community import service as community
from dupi.community.models import Board
from dupi.community.reading import may_see
from schema.accounts.authors import Author, load_author
from schema.analyses.shared import SharedAnalysis
from schema.context import Context, Info
from schema.relay import Connection, Node, connection, global_id, page_request


@strawberry.type
class PostImage(Node):
    """Urls are signed and short-lived: ask again, do not store."""

    url: str
    thumbnail_url: str
    width: int
    height: int

    @classmethod
    def from_model(cls, image: models.PostImage | models.AttachedImage, context: Context) -> Self:
        return cls(
            id=global_id("PostImage", image.id),
            url=context.media_url(image.image_key),
            thumbnail_url=context.media_url(image.thumbnail_key),
            width=image.width,
            height=image.height,
        )


@strawberry.type
class Comment(Node):
    """``body`` null: a tombstone, or hidden from the viewer; replies have no replies."""

    model: strawberry.Private[models.Comment]
    parent_id: strawberry.ID | None
    created_at: datetime
    reply_count: int

    @classmethod
    def from_model(cls, comment: models.Comment) -> Self:
        parent_id = comment.parent_id
        return cls(
            id=global_id("Comment", comment.id),
            model=comment,
            parent_id=global_id("Comment", parent_id) if parent_id else None,
            created_at=comment.created_at,
            reply_count=comment.reply_count,
        )

    @strawberry.field
    def body(self, info: Info) -> str | None:
        """Plain text: escape it where it is shown."""
        return self.model.body if self._is_seen(info.context) else None

    @strawberry.field
    async def author(self, info: Info) -> Author | None:
        """Null for who has left, and where ``body`` is null."""
        if not self._is_seen(info.context):
            return None
        return await load_author(info.context, self.model.author_id)

    @strawberry.field
    def edited_at(self, info: Info) -> datetime | None:
        return self.model.edited_at if self._is_seen(info.context) else None

    @strawberry.field
    def hidden_reason(self, info: Info) -> str | None:
        """For its author and operators; to others, a hidden comment is a tombstone."""
        return self.model.hidden_reason or None if self._is_seen(info.context) else None

    @strawberry.field
    def viewer_can_delete(self, info: Info) -> bool:
        return _is_own(self.model, info.context)

    @strawberry.field
    async def replies(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection["Comment"]:
        """Oldest first."""
        page = await community.list_comments(
            post_id=self.model.post_id,
            parent_id=self.model.id,
            viewer_id=info.context.viewer_id,
            page=page_request(first, after, last, before),
        )
        return connection(page, Comment.from_model)

    def _is_seen(self, context: Context) -> bool:
        return context.is_operator or may_see(self.model, context.viewer_id)


@strawberry.type
class Post(Node):
    """``excerpt``: the beginning in one line. Lists need no ``body``: it costs them a read."""

    model: strawberry.Private[models.Post]
    board: Board
    title: str
    excerpt: str
    created_at: datetime
    edited_at: datetime | None
    like_count: int
    comment_count: int
    hidden_reason: str | None

    @classmethod
    def from_model(cls, post: models.Post) -> Self:
        return cls(
            id=global_id("Post", post.id),
            model=post,
            board=post.board,
            title=post.title,
            excerpt=post.excerpt,
            created_at=post.created_at,
            edited_at=post.edited_at,
            like_count=post.like_count,
            comment_count=post.comment_count,
            hidden_reason=post.hidden_reason or None,
        )

    @strawberry.field
    async def body(self, info: Info) -> str:
        """Plain text: escape it where it is shown."""
        return self.model.body or await info.context.community.bodies.load(self.model.id)

    @strawberry.field
    def images(self, info: Info) -> list[PostImage]:
        return [PostImage.from_model(image, info.context) for image in self.model.images]

    @strawberry.field
    async def analysis(self, info: Info) -> SharedAnalysis | None:
        """What its author shares of an analysis; null once that has gone or may not be shown, and
        to operators where the post is hidden: their work needs no health data."""
        post = self.model
        if not (post.analysis_id and post.author_id and may_see(post, info.context.viewer_id)):
            return None
        key = SharedKey(post.author_id, post.analysis_id)
        found = await info.context.community.shared.load(key)
        parts: tuple[AnalysisPart, ...] = post.share
        return SharedAnalysis.from_model(found, parts) if found else None

    @strawberry.field
    async def author(self, info: Info) -> Author | None:
        """Null for who has left."""
        return await load_author(info.context, self.model.author_id)

    @strawberry.field
    async def viewer_has_liked(self, info: Info) -> bool:
        viewer_id = info.context.viewer_id
        if viewer_id is None:
            return False
        return await info.context.community.likes.load((viewer_id, self.model.id))

    @strawberry.field
    def viewer_can_edit(self, info: Info) -> bool:
        return _is_own(self.model, info.context)

    @strawberry.field
    def viewer_can_delete(self, info: Info) -> bool:
        return _is_own(self.model, info.context)

    @strawberry.field
    async def comments(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection[Comment]:
        """Those on the post itself, oldest first."""
        page = await community.list_comments(
            post_id=self.model.id,
            viewer_id=info.context.viewer_id,
            page=page_request(first, after, last, before),
        )
        return connection(page, Comment.from_model)


def _is_own(content: models.Post | models.Comment, context: Context) -> bool:
    viewer_id = context.viewer_id
    return viewer_id is not None and content.author_id == viewer_id
