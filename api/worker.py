"""The worker: claims analyses and runs them, and keeps Triton at the live deployment.

In web's process by default, or on its own: ``python -m api.worker``.
"""

import asyncio
import gc
import random
import signal
from typing import Final

from pymongo.errors import PyMongoError

from api.heartbeat import beating, remove_beat
from api.upkeep import make_exports_until, report_until, send_mail_until, sweep_until
from dupi.adapters.hints import QUEUE_CHANNEL, Subscription
from dupi.analyses.capacity import Pace
from dupi.analyses.deleting import discard_derived
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import Claim, LeaseLost, claim_next, may_hold_overlays
from dupi.concurrency import first_of, not_cut_off, wait_until
from dupi.logs import bound, get_logger, set_up_logs
from dupi.metrics import LEASES_LOST
from dupi.operations.reconciler import reconcile_until
from dupi.resources import Resources, open_resources
from dupi.settings import load_settings

_RENEWALS_PER_LEASE: Final = 3
_PAUSE_S: Final = 1.0

log = get_logger(__name__)


async def run_workers(resources: Resources, stop: asyncio.Event) -> None:
    """Claim and run until ``stop`` is set; then finish what is at work, or hand it back."""
    concurrency = resources.settings.analyses.concurrency
    if concurrency == 0:
        await stop.wait()
        return
    pace = Pace(resources.settings.analyses.expected_seconds)
    async with asyncio.TaskGroup() as group:
        for upkeep in (
            reconcile_until(resources, stop),
            sweep_until(resources, stop),
            make_exports_until(resources, stop),
        ):
            group.create_task(first_of(upkeep, stop.wait()))  # loading a model takes its time
        group.create_task(send_mail_until(resources, stop))
        group.create_task(resources.shadowing.run_until(resources, stop))
        group.create_task(report_until(stop, slots=concurrency, pace=pace))
        for _ in range(concurrency):
            group.create_task(_work_until(resources, stop, pace))


async def _work_until(resources: Resources, stop: asyncio.Event, pace: Pace) -> None:
    async with resources.hints.subscribe(QUEUE_CHANNEL) as queued:
        while not stop.is_set():
            try:
                worked = await _work_once(resources, stop, pace)
            except PyMongoError as away:
                log.warning("store_away", error=str(away))
                await wait_until(stop, at_most=_PAUSE_S)
            except Exception:  # whatever it is, the next analysis is another one
                log.exception("worker_failed")
                await wait_until(stop, at_most=_PAUSE_S)
            else:
                if not worked:
                    await _rest(resources, queued, stop)


async def _rest(resources: Resources, queued: Subscription, stop: asyncio.Event) -> None:
    """Until something is queued; by itself, at a slow pace that differs between workers."""
    pause = resources.settings.analyses.poll_seconds * random.uniform(0.75, 1.25)  # noqa: S311
    await first_of(queued.wait(pause), stop.wait())


async def _work_once(resources: Resources, stop: asyncio.Event, pace: Pace) -> bool:
    """Claim one and bring it to its end; whether there was one."""
    limits = resources.settings.analyses
    claim = await claim_next(
        hints=resources.hints, lease_s=limits.lease_seconds, longest_s=limits.deadline_seconds
    )
    if claim is None:
        return False
    work = asyncio.create_task(_work(resources, claim))
    with pace.timed():
        try:
            await first_of(_ended(work), stop.wait())
            if stop.is_set():
                grace = resources.settings.analyses.shutdown_grace_seconds
                await asyncio.wait({work}, timeout=grace)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    if not work.cancelled():
        work.result()
    return True


async def _ended(work: "asyncio.Task[None]") -> None:
    await asyncio.wait({work})


async def _work(resources: Resources, claim: Claim) -> None:
    """Run one analysis under its lease. Whoever lost the lease drops the work silently."""
    analysis = claim.analysis
    with bound(request_id=analysis.request_id, analysis_id=analysis.id):
        try:
            await first_of(run_pipeline(resources, claim), _keep_lease(resources, claim))
        except LeaseLost:
            LEASES_LOST.inc()
            log.info("lease_lost", attempt=analysis.attempt)
            await _clear_up(resources, claim)
        except asyncio.CancelledError:
            await _hand_back(resources, claim)
            raise


async def _keep_lease(resources: Resources, claim: Claim) -> None:
    """Renew until cancelled. A store that is away for a moment costs nothing yet."""
    while True:
        await asyncio.sleep(resources.settings.analyses.lease_seconds / _RENEWALS_PER_LEASE)
        try:
            # PyMongo swallows a cancellation that meets a time limit, and leaks a connection.
            await not_cut_off(claim.renew())
        except PyMongoError as away:
            log.warning("lease_not_renewed", error=str(away))


async def _hand_back(resources: Resources, claim: Claim) -> None:
    try:
        await claim.hand_back()
        log.info("handed_back", attempt=claim.analysis.attempt)
    except LeaseLost:
        await _clear_up(resources, claim)
    except PyMongoError as error:
        log.warning("not_handed_back", error=repr(error))


async def _clear_up(resources: Resources, claim: Claim) -> None:
    """Overlays may have been written after the analysis was deleted or cancelled."""
    if not await may_hold_overlays(claim.analysis.id):
        await discard_derived(resources, claim.analysis)


def keep_startup_objects() -> None:
    """Leave what a process was started with out of garbage collections: a full one over a million
    objects that live as long as the process holds up the event loop for a quarter of a second."""
    gc.collect()
    gc.freeze()


async def _main() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = load_settings()
    set_up_logs(settings.logs)
    remove_beat(settings.worker.heartbeat_file)
    async with open_resources(settings) as resources, beating(settings.worker.heartbeat_file):
        keep_startup_objects()
        await run_workers(resources, stop)


if __name__ == "__main__":
    asyncio.run(_main())
