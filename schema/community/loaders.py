"""What posts of a list need, in one read each, however many posts there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from strawberry.dataloader import DataLoader

from dupi.analyses.models import Analysis
from dupi.analyses.sharing import SharedKey, list_shareable
from dupi.community import service as community
from dupi.community.models import Comment, Post
from dupi.community.reporting import ContentKey
from dupi.resources import Resources
from schema.batches import Pair, batch_loader, by_first


@dataclass
class CommunityLoaders:
    """``likes`` by person and post; ``blocks`` by person and author; ``bodies`` by post; ``shared``
    by owner and analysis, ``content`` by kind and id: what may not be shown, or has gone, is
    None."""

    resources: Resources
    likes: DataLoader[Pair, bool] = field(init=False)
    blocks: DataLoader[Pair, bool] = field(init=False)
    bodies: DataLoader[str, str] = field(init=False)
    shared: DataLoader[SharedKey, Analysis | None] = field(init=False)
    content: DataLoader[ContentKey, Post | Comment | None] = field(init=False)

    def __post_init__(self) -> None:
        self.likes = batch_loader(_likes, default=False)
        self.blocks = batch_loader(_blocks, default=False)
        self.bodies = batch_loader(_bodies, default="")
        self.shared = batch_loader(partial(_shared, self.resources), default=None)
        self.content = batch_loader(_content, default=None)


async def _likes(keys: Iterable[Pair]) -> Mapping[Pair, bool]:
    found: dict[Pair, bool] = {}
    for user_id, post_ids in by_first(keys).items():
        liked = await community.liked_among(user_id=user_id, post_ids=post_ids)
        found |= {(user_id, post_id): True for post_id in liked}
    return found


async def _blocks(keys: Iterable[Pair]) -> Mapping[Pair, bool]:
    found: dict[Pair, bool] = {}
    for user_id, author_ids in by_first(keys).items():
        blocked = await community.blocked_among(user_id=user_id, author_ids=author_ids)
        found |= {(user_id, author_id): True for author_id in blocked}
    return found


async def _bodies(post_ids: Iterable[str]) -> Mapping[str, str]:
    return await community.load_bodies(list(post_ids))


async def _content(keys: Iterable[ContentKey]) -> Mapping[ContentKey, Post | Comment | None]:
    return {**await community.load_content(list(keys))}


async def _shared(
    resources: Resources, keys: Iterable[SharedKey]
) -> Mapping[SharedKey, Analysis | None]:
    return {**await list_shareable(resources, keys=keys)}
