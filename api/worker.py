"""The worker: claims analyses and runs them, and keeps Triton at the live deployment.

In web's process by default, or on its own: ``python -m api.worker``.
"""

import asyncio
import random
import signal
from typing import Final

from pymongo.errors import PyMongoError

from dupi.adapters.hints import QUEUE_CHANNEL, Subscription
from dupi.analyses.deleting import discard_derived, finish_deleting_analyses
from dupi.analyses.photos import finish_deleting_photos
from dupi.analyses.pipeline import run_pipeline
from dupi.analyses.queue import Claim, LeaseLost, claim_next, count_unfinished, still_there
from dupi.concurrency import first_of, wait_until
from dupi.idempotency import purge_expired
from dupi.logs import bound, get_logger, set_up_logs
from dupi.metrics import LEASES_LOST, QUEUE_DEPTH
from dupi.operations.reconciler import reconcile_until
from dupi.resources import Resources, open_resources
from dupi.settings import load_settings

_RENEWALS_PER_LEASE: Final = 3
_SWEEP_EVERY_S: Final = 30.0
_PAUSE_S: Final = 1.0

log = get_logger(__name__)


async def run_workers(resources: Resources, stop: asyncio.Event) -> None:
    """Claim and run until ``stop`` is set; then finish what is at work, or hand it back."""
    concurrency = resources.settings.analyses.concurrency
    if concurrency == 0:
        await stop.wait()
        return
    async with asyncio.TaskGroup() as group:
        for upkeep in (reconcile_until(resources, stop), _sweep_until(resources, stop)):
            group.create_task(first_of(upkeep, stop.wait()))  # loading a model takes its time
        for _ in range(concurrency):
            group.create_task(_work_until(resources, stop))


async def _work_until(resources: Resources, stop: asyncio.Event) -> None:
    async with resources.hints.subscribe(QUEUE_CHANNEL) as queued:
        while not stop.is_set():
            try:
                worked = await _work_once(resources, stop)
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


async def _work_once(resources: Resources, stop: asyncio.Event) -> bool:
    """Claim one and bring it to its end; whether there was one."""
    lease = resources.settings.analyses.lease_seconds
    claim = await claim_next(hints=resources.hints, lease_s=lease)
    if claim is None:
        return False
    work = asyncio.create_task(_work(resources, claim))
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
            await claim.renew()
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
    """Overlays may have been written after the analysis was deleted."""
    if not await still_there(claim.analysis.id):
        await discard_derived(resources, claim.analysis)


async def _sweep_until(resources: Resources, stop: asyncio.Event) -> None:
    """Now and then finish what was cut off, and look how long the queue is."""
    while not stop.is_set():
        try:
            await _sweep(resources)
        except Exception:
            log.exception("sweep_failed")
        await wait_until(stop, at_most=_SWEEP_EVERY_S)


async def _sweep(resources: Resources) -> None:
    await finish_deleting_photos(resources)
    await finish_deleting_analyses(resources)
    await purge_expired()
    QUEUE_DEPTH.set(await count_unfinished(at_most=resources.settings.analyses.max_queued))


async def _main() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = load_settings()
    set_up_logs(settings.logs)
    async with open_resources(settings) as resources:
        await run_workers(resources, stop)


if __name__ == "__main__":
    asyncio.run(_main())
