"""Taking, listing and deleting photos. A photo goes together with every analysis that used it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pymongo.asynchronous.collection import AsyncCollection

from dupi.accounts.exports import drop_archives
from dupi.accounts.models import ConsentKind
from dupi.accounts.service import has_consent
from dupi.adapters.limits import Limit
from dupi.analyses.deleting import delete_analysis_record
from dupi.analyses.files import photo_files
from dupi.analyses.models import Analysis, Photo
from dupi.clock import utc_now
from dupi.errors import ConsentRequired, NotFound
from dupi.idempotency import fingerprint, once
from dupi.ids import sort_key
from dupi.knowledge.vocabulary import ScalpSite
from dupi.paging import Page, PageRequest, fetch_page
from dupi.pictures import Keeping, discard_picture, drop_unfinished, store_picture
from dupi.vision.images import UprightPhoto

if TYPE_CHECKING:
    from dupi.resources import Resources

_SWEEP_AT_ONCE: Final = 100
_KEPT: Final = {"keeping": Keeping.KEPT.value}


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """``since`` is inclusive, ``until`` exclusive."""

    site: ScalpSite | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeletedPhoto:
    photo_id: str
    analysis_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Upload:
    owner_id: str
    data: bytes
    site: ScalpSite


async def require_sensitive_consent(resources: "Resources", owner_id: str) -> None:
    """Raises ConsentRequired."""
    kind = ConsentKind.SENSITIVE_DATA
    if not await has_consent(resources, user_id=owner_id, kind=kind):
        raise ConsentRequired(kind)


async def upload_photo(
    resources: "Resources",
    *,
    owner_id: str,
    data: bytes,
    site: ScalpSite,
    idempotency_key: str | None = None,
) -> Photo:
    """Check, store and record one photo.

    Raises ConsentRequired, UnsupportedImage, PoorImage, Unavailable, RateLimited, Conflict.
    """
    resources.admission.refuse_full()  # decoding would only slow down what was let in
    await require_sensitive_consent(resources, owner_id)
    settings = resources.settings.photos
    limit = Limit(settings.uploads_per_person, settings.upload_refill_seconds)
    await resources.limits.take(f"upload:{owner_id}", limit)
    return await once(
        person_id=owner_id,
        operation="uploadPhoto",
        key=idempotency_key,
        # Beside the event loop: hashing the largest photo takes as long as many requests.
        fingerprint=await asyncio.to_thread(fingerprint, data, site),
        make=partial(_take_photo, resources, _Upload(owner_id, data, site)),
        find=lambda photo_id: get_photo(resources, owner_id=owner_id, photo_id=photo_id),
    )


async def get_photo(resources: "Resources", *, owner_id: str, photo_id: str) -> Photo:
    """Raises NotFound."""
    found = await get_photos(resources, owner_id=owner_id, photo_ids=[photo_id])
    if not found:
        raise NotFound(f"no photo {photo_id}")
    return found[0]


async def get_photos(resources: "Resources", *, owner_id: str, photo_ids: list[str]) -> list[Photo]:
    """The owner's photos of these ids, in this order; what is not there is left out."""
    where = {"_id": {"$in": photo_ids}, "owner_id": owner_id} | _KEPT
    by_id = {photo.id: photo async for photo in Photo.find(where)}
    return [by_id[photo_id] for photo_id in photo_ids if photo_id in by_id]


async def list_photos(
    resources: "Resources",
    *,
    owner_id: str,
    page: PageRequest,
    where: PhotoFilter = PhotoFilter(),
) -> Page[Photo]:
    """Newest first."""
    query = {"owner_id": owner_id} | _KEPT
    if where.site:
        query["site"] = where.site.value
    return await fetch_page(Photo, query, page, since=where.since, until=where.until)


async def delete_photo(resources: "Resources", *, owner_id: str, photo_id: str) -> DeletedPhoto:
    """Delete a photo, the analyses that use it and every derived file. Raises NotFound.

    The photo is marked first, so that it is gone for everyone; a call that was cut off can be
    repeated, and the sweep finishes what nobody repeats.
    """
    where = {"_id": photo_id, "owner_id": owner_id, "keeping": {"$ne": Keeping.ARRIVING.value}}
    photo = await Photo.find_one(where)
    if photo is None:
        raise NotFound(f"no photo {photo_id}")
    await _photos().update_one({"_id": photo_id}, {"$set": {"keeping": Keeping.DELETING.value}})
    return DeletedPhoto(photo_id, await _finish_deleting(resources, photo))


async def finish_deleting_photos(resources: "Resources") -> int:
    """Finish deletions of photos that were cut off; how many."""
    where = {"keeping": Keeping.DELETING.value}
    marked = await Photo.find(where).limit(_SWEEP_AT_ONCE).to_list()
    for photo in marked:
        await _finish_deleting(resources, photo)
    return len(marked)


async def drop_unfinished_uploads(resources: "Resources") -> int:
    """Remove what uploads left that were cut off; how many."""
    return await drop_unfinished(resources, Photo)


async def _finish_deleting(resources: "Resources", photo: Photo) -> tuple[str, ...]:
    """Remove what hangs on a photo that is marked, then the photo; ids of its analyses."""
    # By the owner's index: one on a list makes the embedded store find nothing.
    where = {"owner_id": photo.owner_id, "photo_ids": photo.id}
    rows = Analysis.get_pymongo_collection().find(where, {"_id": 1})
    analysis_ids = tuple(row["_id"] for row in await rows.to_list())
    for analysis_id in analysis_ids:
        await delete_analysis_record(resources, owner_id=photo.owner_id, analysis_id=analysis_id)
    await drop_archives(resources, user_id=photo.owner_id)
    await discard_picture(resources, photo)
    return analysis_ids


async def _take_photo(resources: "Resources", upload: _Upload, photo_id: str) -> Photo:
    if made := await Photo.find_one({"_id": photo_id} | _KEPT):  # by a call that was cut off
        return made
    upright = await resources.decoder.read_photo(upload.data)
    return await store_picture(
        resources,
        _record(upload, upright, photo_id),
        upright,
        # Withdrawing the consent removes what is there then: look again, now that this is there.
        look_again=partial(require_sensitive_consent, resources, upload.owner_id),
    )


def _record(upload: _Upload, upright: UprightPhoto, photo_id: str) -> Photo:
    now, files = utc_now(), photo_files(upload.owner_id, photo_id)
    return Photo(
        id=photo_id,
        owner_id=upload.owner_id,
        site=upload.site,
        width=upright.width,
        height=upright.height,
        quality=upright.quality,
        image_key=f"{files}/original.jpg",
        thumbnail_key=f"{files}/thumbnail.jpg",
        keeping=Keeping.ARRIVING,
        created_at=now,
        sort_key=sort_key(now, photo_id),
    )


def _photos() -> AsyncCollection[dict[str, Any]]:
    return Photo.get_pymongo_collection()
