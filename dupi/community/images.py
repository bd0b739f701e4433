"""Images for posts: taken by the same door as photos, attached to one post, gone with it.

An image is loose until a post is known to show it. What is still loose after a day, since nobody
posted it or a call was cut off, is removed by upkeep.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pymongo.asynchronous.collection import AsyncCollection

from dupi.adapters.limits import Limit
from dupi.clock import epoch_ms, utc_now
from dupi.community.models import AttachedImage, Post, PostImage
from dupi.errors import FieldErrorCode, FieldProblem, InvalidInput, NotFound
from dupi.idempotency import fingerprint, once
from dupi.ids import sort_key
from dupi.pictures import Keeping, discard_picture, drop_unfinished, store_picture

if TYPE_CHECKING:
    from dupi.resources import Resources

MAX_IMAGES: Final = 4
FILES: Final = "posts"
_LOOSE_FOR: Final = timedelta(days=1)
_ATTACHED_WITHIN: Final = timedelta(hours=1)
_AT_ONCE: Final = 100
_KEPT: Final = {"keeping": Keeping.KEPT.value}
_DELETING: Final = {"keeping": Keeping.DELETING.value}


async def upload_post_image(
    resources: "Resources", *, owner_id: str, data: bytes, idempotency_key: str | None = None
) -> PostImage:
    """Check and store one image for a post that is to come.

    Raises InvalidInput, UnsupportedImage, RateLimited, Conflict (key), Unavailable.
    """
    resources.admission.refuse_full()  # decoding would only slow down what was let in
    limits = resources.settings.community
    limit = Limit(limits.images_per_person, limits.image_refill_seconds)
    await resources.limits.take(f"post-image:{owner_id}", limit)
    return await once(
        person_id=owner_id,
        operation="uploadPostImage",
        key=idempotency_key,
        # Beside the event loop: hashing a large file takes as long as many requests.
        fingerprint=await asyncio.to_thread(fingerprint, data),
        make=partial(_take, resources, owner_id, data),
        find=lambda image_id: get_image(image_id=image_id),
    )


async def get_image(*, image_id: str) -> PostImage:
    """Anybody's. Raises NotFound."""
    found = await PostImage.find_one({"_id": image_id} | _KEPT)
    if found is None:
        raise NotFound(f"no image {image_id}")
    return found


async def attach(
    *, owner_id: str, post_id: str, image_ids: Sequence[str]
) -> tuple[AttachedImage, ...]:
    """Claim these images for the post, in this order; they stay loose until ``settle``.

    Raises InvalidInput (``imageIds``), NotFound.
    """
    _check(image_ids)
    where = {"_id": {"$in": list(image_ids)}, "owner_id": owner_id} | _KEPT
    found = {image.id: image async for image in PostImage.find(where)}
    if len(found) < len(image_ids):
        raise NotFound("no such image")
    if taken := [one for one in image_ids if found[one].post_id not in {"", post_id}]:
        path = ("imageIds", str(list(image_ids).index(taken[0])))
        raise InvalidInput([FieldProblem(path, FieldErrorCode.TAKEN)])
    await _claim(where, post_id, len(image_ids))
    return tuple(_attached(found[image_id]) for image_id in image_ids)


async def let_go(*, owner_id: str, post_id: str, image_ids: Sequence[str]) -> None:
    """Nothing came of the post that claimed these: another one may have them."""
    if image_ids:
        where = {"_id": {"$in": list(image_ids)}, "owner_id": owner_id, "post_id": post_id}
        await _images().update_many(where, {"$set": {"post_id": ""}})


async def settle(post: Post) -> None:
    """The post is stored with these images, and shows them."""
    ids = [image.id for image in post.images]
    if ids:
        where = {"_id": {"$in": ids}, "post_id": post.id}
        await _images().update_many(where, {"$set": {"loose_until_ms": 0}})


async def remove_images(resources: "Resources", where: dict[str, Any]) -> None:
    """Mark, then remove files and records. Safe to repeat."""
    if await _images().find_one(where, {"_id": 1}) is None:
        return
    await _images().update_many(where, {"$set": _DELETING})
    for image in await PostImage.find(where | _DELETING).to_list():
        await discard_picture(resources, image)


async def release(resources: "Resources", *, post_id: str, image_ids: Sequence[str]) -> None:
    """The post shows these no more: they go."""
    if image_ids:
        where = {"_id": {"$in": list(image_ids)}, "post_id": post_id}
        await remove_images(resources, where)


async def sweep_images(resources: "Resources") -> int:
    """Remove what is loose for too long, and finish what was cut off; how many were looked at."""
    await drop_unfinished(resources, PostImage)
    now = epoch_ms(utc_now())
    late = {"loose_until_ms": {"$gt": 0, "$lt": now}} | _KEPT
    loose = await PostImage.find(late).limit(_AT_ONCE).to_list()
    for image in loose:
        await _settle_or_remove(resources, image)
    marked = await PostImage.find(_DELETING).limit(_AT_ONCE).to_list()
    for image in marked:
        await discard_picture(resources, image)
    return len(loose) + len(marked)


async def _settle_or_remove(resources: "Resources", image: PostImage) -> None:
    """By what its post says; unless it has been attached since it was read."""
    post = await Post.get_pymongo_collection().find_one({"_id": image.post_id}, {"images": 1})
    is_shown = post is not None and image.id in {one["id"] for one in post["images"]}
    change: dict[str, Any] = {"loose_until_ms": 0} if is_shown else dict(_DELETING)
    as_read = {"_id": image.id, "loose_until_ms": image.loose_until_ms}
    changed = await _images().update_one(as_read, {"$set": change})
    if changed.matched_count and not is_shown:
        await discard_picture(resources, image)


def _check(image_ids: Sequence[str]) -> None:
    if len(image_ids) > MAX_IMAGES:
        raise InvalidInput.at("imageIds", code=FieldErrorCode.TOO_MANY)
    for index, image_id in enumerate(image_ids):
        if image_id in image_ids[:index]:
            problem = FieldProblem(("imageIds", str(index)), FieldErrorCode.DUPLICATE)
            raise InvalidInput([problem])


async def _claim(where: dict[str, Any], post_id: str, wanted: int) -> None:
    """Raises NotFound where another post or upkeep was faster: what was claimed is loose still."""
    free = where | {"post_id": {"$in": ["", post_id]}}
    until = epoch_ms(utc_now() + _ATTACHED_WITHIN)
    claim = {"$set": {"post_id": post_id, "loose_until_ms": until}}
    if wanted and (await _images().update_many(free, claim)).matched_count < wanted:
        raise NotFound("no such image")


def _attached(image: PostImage) -> AttachedImage:
    return AttachedImage(
        id=image.id,
        width=image.width,
        height=image.height,
        image_key=image.image_key,
        thumbnail_key=image.thumbnail_key,
    )


async def _take(resources: "Resources", owner_id: str, data: bytes, image_id: str) -> PostImage:
    if made := await PostImage.find_one({"_id": image_id} | _KEPT):  # by a call that was cut off
        return made
    image = await resources.decoder.read_image(data)
    now, folder = utc_now(), f"{FILES}/{image_id}"
    record = PostImage(
        id=image_id,
        owner_id=owner_id,
        width=image.width,
        height=image.height,
        image_key=f"{folder}/original.jpg",
        thumbnail_key=f"{folder}/thumbnail.jpg",
        keeping=Keeping.ARRIVING,
        loose_until_ms=epoch_ms(now + _LOOSE_FOR),
        created_at=now,
        sort_key=sort_key(now, image_id),
    )
    return await store_picture(resources, record, image)


def _images() -> AsyncCollection[dict[str, Any]]:
    return PostImage.get_pymongo_collection()
