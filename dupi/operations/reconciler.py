"""Keeps Triton at the live deployment: after a restart, a reload by hand, or a promotion."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from dupi.concurrency import wait_until
from dupi.errors import Unavailable
from dupi.logs import get_logger
from dupi.metrics import IS_RECONCILED
from dupi.operations.published import MixedTrunks
from dupi.operations.service import (
    apply_deployment,
    ensure_first_deployment,
    get_live_deployment,
    is_applied,
    learn_advisor,
)

if TYPE_CHECKING:
    from dupi.resources import Resources

log = get_logger(__name__)


async def reconcile_until(resources: "Resources", stop: asyncio.Event) -> None:
    """Compare and apply, again and again, until ``stop`` is set. Says what changed, once."""
    waited_for: str | None = ""
    while not stop.is_set():
        waits_for = await _try(resources)
        if waits_for != waited_for:
            log.info("reconciled" if waits_for is None else "not_reconciled", waits_for=waits_for)
        waited_for = waits_for
        IS_RECONCILED.set(waits_for is None)
        await wait_until(stop, at_most=resources.settings.triton.reconcile_seconds)


async def reconcile(resources: "Resources") -> bool:
    """Apply the live deployment where Triton is not at it; whether there was anything to do."""
    deployment = await ensure_first_deployment(resources)
    if await is_applied(resources, deployment):
        return False
    await apply_deployment(resources, deployment)
    return True


async def _try(resources: "Resources") -> str | None:
    """What is waited for; ``None``: Triton is at the live deployment now."""
    try:
        await reconcile(resources)
        with suppress(Unavailable):  # of the advisor: nothing waits for its name
            await learn_advisor(resources, await get_live_deployment())
    except (Unavailable, MixedTrunks) as error:
        return str(error)
    except Exception as error:
        log.exception("reconciling_failed")
        return repr(error)
    return None
