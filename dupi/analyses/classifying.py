"""The classification step: photos from the storage, grades from Triton, attention maps to storage.

Triton (or the storage) may be away for a while, by a restart or a full queue: the step waits and
tries again, with growing, jittered pauses, until the analysis' deadline.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from dupi.adapters.triton import Classification, Map, Pixels
from dupi.analyses.files import analysis_files
from dupi.analyses.grading import count_gradings, grade_photo, overall
from dupi.analyses.models import FindingRecord, Photo, PhotoFindingsRecord
from dupi.analyses.queue import Claim
from dupi.concurrency import all_of
from dupi.errors import NotFound, Unavailable, UnsupportedImage
from dupi.logs import get_logger
from dupi.operations.live_size import at_live_size
from dupi.operations.models import Deployment
from dupi.operations.service import deployment_of
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 3.0
_MARGIN_S: Final = 0.5
"""Kept before the deadline, to say in time that the classifier was away."""
_MAX_OVERLAY_SIDE: Final = 320
"""Pixels. The map has a few cells a side, so more would show nothing more, and cost its drawing."""

T = TypeVar("T")

log = get_logger(__name__)


class PhotoUnreadable(Exception):
    """A stored photo's file is gone or broken."""


class PhotoGone(Exception):
    """A photo was deleted, and the analysis was made in the same moment: it goes with it."""


@dataclass(frozen=True, slots=True)
class LoadedPhoto:
    """A photo with its stored JPEG."""

    record: Photo
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Graded:
    """What an analysis' photos show, and under which deployment they were graded."""

    deployment_id: str
    photos: tuple[PhotoFindingsRecord, ...]
    overall: tuple[FindingRecord, ...]


async def load_photos(resources: "Resources", claim: Claim) -> list[LoadedPhoto]:
    """Raises PhotoGone, PhotoUnreadable; Unavailable once time is up."""
    return [
        await _patiently(claim, partial(_load, resources, photo_id))
        for photo_id in claim.analysis.photo_ids
    ]


async def grade_photos(
    resources: "Resources", claim: Claim, photos: Sequence[LoadedPhoto]
) -> Graded:
    """Classify all photos at once. Raises PhotoUnreadable; Unavailable once time is up."""
    found = await all_of(_grade(resources, claim, photo) for photo in photos)
    records = [graded for _, graded in found]
    newest = max((deployment for deployment, _ in found), key=lambda one: one.number)
    return Graded(newest.id, tuple(records), overall(records))


async def _load(resources: "Resources", photo_id: str) -> LoadedPhoto:
    record = await Photo.find_one({"_id": photo_id, "keeping": Keeping.KEPT.value})
    if record is None:
        raise PhotoGone(photo_id)
    try:
        return LoadedPhoto(record, await resources.storage.get(record.image_key))
    except NotFound as missing:
        raise PhotoUnreadable(photo_id) from missing


async def _grade(
    resources: "Resources", claim: Claim, photo: LoadedPhoto
) -> tuple[Deployment, PhotoFindingsRecord]:
    said = await _classified(resources, claim, photo)
    deployment = await _patiently(claim, partial(deployment_of, said.versions))
    graded = grade_photo(
        photo.record,
        said,
        in_domain_from=deployment.in_domain_from,
        abstain_below=deployment.abstain_below,
    )
    count_gradings(said, graded)
    return deployment, await _with_overlays(resources, claim, photo.record, said, graded)


async def _classified(resources: "Resources", claim: Claim, photo: LoadedPhoto) -> Classification:
    pixels: dict[int, Pixels] = {}  # by side: a photo is decoded once, however often it is asked

    async def ask(side: int) -> Classification:
        if side not in pixels:
            pixels[side] = await _pixels(resources, photo, side)
        return await _classify(resources, claim, pixels[side])

    return await _patiently(claim, partial(at_live_size, resources, ask))


async def _pixels(resources: "Resources", photo: LoadedPhoto, side: int) -> Pixels:
    try:
        return await resources.decoder.model_input(photo.jpeg, side)
    except (UnsupportedImage, OSError) as broken:
        raise PhotoUnreadable(photo.record.id) from broken


async def _classify(resources: "Resources", claim: Claim, image: Pixels) -> Classification:
    """Shadows see what the trunk saw, where one wants to: it costs its own answer alone."""
    limit = resources.settings.analyses.classify_timeout_seconds
    time_left = max(claim.seconds_left - _MARGIN_S, 0.001)
    shadows = resources.shadowing.sample()
    said = await resources.classifier.classify(
        image, timeout=min(limit, time_left), with_features=bool(shadows)
    )
    resources.shadowing.offer(shadows, said)
    return said


async def _patiently(claim: Claim, call: Callable[[], Awaitable[T]]) -> T:
    """Try until it succeeds or the deadline is near; then raise the last Unavailable."""
    longest_pause = _FIRST_PAUSE_S
    while True:
        try:
            return await call()
        except Unavailable as away:
            pause = random.uniform(0.5, 1) * longest_pause  # noqa: S311
            if pause >= claim.seconds_left - _MARGIN_S:
                raise
            if longest_pause == _FIRST_PAUSE_S:  # said once, not with every try
                log.warning("waiting", error=str(away))
        await asyncio.sleep(pause)
        longest_pause = min(longest_pause * 2, _LONGEST_PAUSE_S)


async def _with_overlays(
    resources: "Resources",
    claim: Claim,
    photo: Photo,
    said: Classification,
    graded: PhotoFindingsRecord,
) -> PhotoFindingsRecord:
    """Store a map for every finding that shows a grade, and name it in the finding."""
    findings = await all_of(
        _with_overlay(resources, claim, photo, said.gradings[f.condition].attention, f)
        for f in graded.findings
    )
    return graded.model_copy(update={"findings": tuple(findings)})


async def _with_overlay(
    resources: "Resources", claim: Claim, photo: Photo, attention: Map, finding: FindingRecord
) -> FindingRecord:
    if finding.abstained:
        return finding
    folder = analysis_files(claim.analysis.owner_id, claim.analysis.id)
    key = f"{folder}/{finding.site.lower()}-{finding.condition.lower()}.png"
    shrink = min(1.0, _MAX_OVERLAY_SIDE / max(photo.width, photo.height))
    width, height = round(photo.width * shrink), round(photo.height * shrink)
    draw = partial(resources.decoder.attention_png, attention, width, height)
    overlay = await _patiently(claim, draw)
    await _patiently(claim, partial(resources.storage.put, key, overlay))
    return finding.model_copy(update={"attention_key": key})
