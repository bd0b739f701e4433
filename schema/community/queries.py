"""The board: its posts, and one of them. Whoever is not signed in may read it, too."""

from typing import Annotated

import strawberry

from dupi.community import service as community
from dupi.community.models import Board
from dupi.errors import NotFound
from schema.community.types import Comment, Post, PostImage
from schema.context import Context, Info
from schema.relay import Connection, connection, given, page_request, record_id


@strawberry.type
class CommunityQueries:
    @strawberry.field
    async def post(
        self, info: Info, id_: Annotated[strawberry.ID, strawberry.argument(name="id")]
    ) -> Post | None:
        """Null for what is absent or hidden from the viewer."""
        try:
            return await load_post(info.context, record_id("Post", id_))
        except NotFound:
            return None

    @strawberry.field
    async def posts(  # noqa: PLR0913, PLR0917  (the contract's arguments)
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        board: Board | None = strawberry.UNSET,
        search: str | None = strawberry.UNSET,
    ) -> Connection[Post]:
        """Newest first. ``search``: words or parts of words, all of which title or body hold."""
        page = await community.list_posts(
            viewer_id=info.context.viewer_id,
            page=page_request(first, after, last, before),
            where=community.PostFilter(board=given(board), search=given(search)),
        )
        return connection(page, Post.from_model)


async def load_post(context: Context, post_id: str) -> Post:
    """Raises NotFound."""
    return Post.from_model(
        await community.get_post(
            post_id=post_id, viewer_id=context.viewer_id, is_operator=context.is_operator
        )
    )


async def load_comment(context: Context, comment_id: str) -> Comment:
    """Of a post that the viewer may see. Raises NotFound."""
    found = await community.get_comment(comment_id=comment_id)
    await load_post(context, found.post_id)
    return Comment.from_model(found)


async def load_post_image(context: Context, image_id: str) -> PostImage:
    """One's own, or that of a post that the viewer may see. Raises NotFound."""
    found = await community.get_image(image_id=image_id)
    if found.owner_id != context.viewer_id:
        await load_post(context, found.post_id)
    return PostImage.from_model(found, context)
