"""People as others see them."""

from typing import Self

import strawberry

from dupi.errors import NotFound
from schema.context import Context, Info
from schema.relay import Node, global_id


@strawberry.type
class Author(Node):
    """What others see of a person."""

    author_id: strawberry.Private[str]
    nickname: str
    is_viewer: bool

    @classmethod
    def of(cls, user_id: str, *, nickname: str, viewer_id: str | None) -> Self:
        return cls(
            id=global_id("Author", user_id),
            author_id=user_id,
            nickname=nickname,
            is_viewer=user_id == viewer_id,
        )

    @strawberry.field
    async def viewer_has_blocked(self, info: Info) -> bool:
        """Their posts and comments are not in the viewer's lists."""
        viewer_id = info.context.viewer_id
        if viewer_id is None or self.is_viewer:
            return False
        return await info.context.community.blocks.load((viewer_id, self.author_id))


async def load_author(context: Context, user_id: str | None) -> Author | None:
    """None for nobody, and for who has left."""
    user = await context.people.load(user_id) if user_id else None
    if user is None:
        return None
    return Author.of(user.id, nickname=user.nickname, viewer_id=context.viewer_id)


async def find_author(context: Context, user_id: str) -> Author:
    """For who is signed in. Raises Unauthenticated, NotFound."""
    _ = context.signed_in
    found = await load_author(context, user_id)
    if found is None:
        raise NotFound(f"no author {user_id}")
    return found
