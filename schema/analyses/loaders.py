"""Photos of many analyses in one read, however many analyses a list shows."""

from collections import defaultdict
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from dupi.analyses import service as analyses
from dupi.analyses.models import Photo
from dupi.resources import Resources

PhotoKey: TypeAlias = tuple[str, str]
"""Owner and photo."""


def photo_loader(resources: Resources) -> DataLoader[PhotoKey, Photo | None]:
    """Collects what is asked for at once. Nothing is kept: a socket's context lives for hours."""

    async def load(keys: list[PhotoKey]) -> list[Photo | None]:
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for owner_id, photo_id in keys:
            wanted[owner_id].add(photo_id)
        found: dict[PhotoKey, Photo] = {}
        for owner_id, photo_ids in wanted.items():
            photos = await analyses.get_photos(
                resources, owner_id=owner_id, photo_ids=sorted(photo_ids)
            )
            found |= {(owner_id, photo.id): photo for photo in photos}
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load, cache=False)
