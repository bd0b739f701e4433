"""What a worker does beside its work: it tells how fast it is, sends mail, and finishes what was
cut off."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final, TypeVar

from pymongo.errors import PyMongoError

from dupi.accounts.exports import make_next_export, remove_expired_exports
from dupi.accounts.service import finish_leaving, relay_next
from dupi.adapters.hints import EXPORT_CHANNEL, MAIL_CHANNEL
from dupi.analyses.capacity import Pace, forget_worker, report_pace
from dupi.analyses.consent import finish_withdrawals
from dupi.analyses.deleting import finish_deleting_analyses
from dupi.analyses.orphans import OrphanSweep
from dupi.analyses.photos import drop_unfinished_uploads, finish_deleting_photos
from dupi.analyses.queue import free_impossible_leases, list_unfinished
from dupi.community.commenting import finish_comments
from dupi.community.images import FILES, sweep_images
from dupi.community.liking import finish_likes
from dupi.community.models import PostImage
from dupi.community.moderating import settle_audits
from dupi.community.posting import finish_deleting_posts
from dupi.concurrency import first_of, wait_until
from dupi.idempotency import purge_expired
from dupi.ids import new_id
from dupi.logs import get_logger
from dupi.metrics import QUEUE_DEPTH
from dupi.resources import Resources

_REPORT_EVERY_S: Final = 5.0
_SWEEP_EVERY_S: Final = 30.0
_LOOK_FOR_EXPORTS_EVERY_S: Final = 10.0

T = TypeVar("T")

log = get_logger(__name__)


async def report_until(stop: asyncio.Event, *, slots: int, pace: Pace) -> None:
    """Tell now and then that this worker lives, and at the end that it does not."""
    worker_id = new_id()
    while not stop.is_set():
        with suppress(PyMongoError):  # whoever works says that the store is away
            await report_pace(worker_id, slots=slots, pace=pace)
        await wait_until(stop, at_most=_REPORT_EVERY_S)
    with suppress(PyMongoError):
        await forget_worker(worker_id)


async def send_mail_until(resources: Resources, stop: asyncio.Event) -> None:
    """Send what is queued, one person's at a time; what is under way at the end is sent."""
    async with resources.hints.subscribe(MAIL_CHANNEL) as queued:
        while not stop.is_set():
            if not await _attempt(relay_next(resources)):
                pause = queued.wait(resources.settings.mail.poll_seconds)
                await first_of(pause, stop.wait())


async def make_exports_until(resources: Resources, stop: asyncio.Event) -> None:
    """Make the archives that are asked for, one at a time; one that is cut off is made anew."""
    async with resources.hints.subscribe(EXPORT_CHANNEL) as queued:
        while not stop.is_set():
            if not await _attempt(make_next_export(resources)):
                await first_of(queued.wait(_LOOK_FOR_EXPORTS_EVERY_S), stop.wait())


async def sweep_until(resources: Resources, stop: asyncio.Event) -> None:
    """Now and then finish what was cut off, and look how long the queue is."""
    orphans = OrphanSweep({FILES: PostImage})
    while not stop.is_set():
        await sweep(resources, orphans)
        await wait_until(stop, at_most=_SWEEP_EVERY_S)


async def sweep(resources: Resources, orphans: OrphanSweep) -> None:
    """Everything that calls cut off may have left. One piece that fails holds up no other."""
    await _attempt(finish_leaving(resources))
    await _attempt(finish_withdrawals(resources))
    await _attempt(finish_deleting_photos(resources))
    await _attempt(drop_unfinished_uploads(resources))
    await _attempt(free_impossible_leases(lease_s=resources.settings.analyses.lease_seconds))
    await _attempt(finish_deleting_analyses(resources))
    await _attempt(finish_likes())
    await _attempt(finish_comments())
    await _attempt(finish_deleting_posts(resources))
    await _attempt(sweep_images(resources))
    await _attempt(settle_audits())
    await _attempt(orphans.step(resources))
    await _attempt(purge_expired())
    await _attempt(remove_expired_exports(resources))
    await _attempt(_measure_queue(resources))


async def _attempt(work: Awaitable[T]) -> T | None:
    """``None`` where it failed."""
    try:
        return await work
    except Exception:
        log.exception("sweep_failed")
        return None


async def _measure_queue(resources: Resources) -> None:
    most = resources.settings.analyses.max_queued
    QUEUE_DEPTH.set(len(await list_unfinished(at_most=most)))
