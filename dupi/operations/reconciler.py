"""Keeps every Triton server at the live deployment: after a restart, a reload, or a promotion."""

import asyncio
from typing import TYPE_CHECKING

from dupi.adapters.triton import ModelServer, RequestRefused
from dupi.concurrency import all_of, wait_until
from dupi.errors import Unavailable
from dupi.logs import get_logger
from dupi.metrics import IS_RECONCILED
from dupi.operations.adopting import learn_until
from dupi.operations.applying import bring_to_live
from dupi.operations.auditing import settle_all
from dupi.operations.deployments import (
    ensure_first_deployment,
    find_live_deployment,
    list_preparing,
    retire_before,
)
from dupi.operations.holdings import GivenUp
from dupi.operations.published import MixedTrunks
from dupi.operations.shadows import end_outdated_shadows

if TYPE_CHECKING:
    from dupi.resources import Resources

log = get_logger(__name__)


async def reconcile_until(resources: "Resources", stop: asyncio.Event) -> None:
    """Compare and apply, again and again, until ``stop`` is set. Says what changed, once.

    The advisor, which may take long to answer, is looked after beside that.
    """
    learning = asyncio.create_task(learn_until(resources, stop))
    try:
        await _reconcile_until(resources, stop)
    finally:
        learning.cancel()
        await asyncio.gather(learning, return_exceptions=True)


async def _reconcile_until(resources: "Resources", stop: asyncio.Event) -> None:
    waited_for: str | None = ""
    given_up = GivenUp()
    while not stop.is_set():
        waits_for = await _try(resources, given_up)
        if waits_for != waited_for:
            log.info("reconciled" if waits_for is None else "not_reconciled", waits_for=waits_for)
        waited_for = waits_for
        IS_RECONCILED.set(waits_for is None)
        await wait_until(stop, at_most=resources.settings.triton.reconcile_seconds)


async def reconcile(resources: "Resources", given_up: GivenUp | None = None) -> bool:
    """Bring every server to the live deployment; whether there was anything to do.

    One that is away, or cannot be brought there, holds up no other; then raises Unavailable.
    """
    await ensure_first_deployment(resources)
    remembered = given_up or GivenUp()

    async def attempt(server: ModelServer) -> bool | Unavailable:
        try:
            return await bring_to_live(resources, server, remembered)
        except Unavailable as away:
            return away
        except RequestRefused as refused:
            return Unavailable(str(refused), reason="models")

    results = await all_of(attempt(server) for server in resources.model_servers)
    for result in results:
        if isinstance(result, Unavailable):
            raise result
    return any(results)


async def _finish_what_was_cut_off() -> None:
    """What whoever promoted would have done, had its process not ended."""
    live = await find_live_deployment()
    if live is not None:
        await retire_before(live)
        await end_outdated_shadows(live)
    await list_preparing()
    await settle_all()


async def _try(resources: "Resources", given_up: GivenUp) -> str | None:
    """What is waited for; ``None``: every server is at the live deployment now."""
    try:
        await _finish_what_was_cut_off()
        await reconcile(resources, given_up)
    except (Unavailable, MixedTrunks) as error:
        return str(error)
    except Exception as error:
        log.exception("reconciling_failed")
        return repr(error)
    return None
