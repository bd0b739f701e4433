"""Keeps Triton at the live deployment: after a restart, a reload by hand, or a promotion."""

import asyncio
from typing import TYPE_CHECKING

import structlog

from dupi.concurrency import wait_until
from dupi.errors import Unavailable
from dupi.operations.published import MixedTrunks
from dupi.operations.service import apply_deployment, ensure_first_deployment, is_applied

if TYPE_CHECKING:
    from dupi.resources import Resources

log = structlog.get_logger()


async def reconcile_until(resources: "Resources", stop: asyncio.Event) -> None:
    """Compare and apply, again and again, until ``stop`` is set."""
    while not stop.is_set():
        try:
            await reconcile(resources)
        except (Unavailable, MixedTrunks) as error:
            log.warning("not_reconciled", reason=str(error))
        except Exception:
            log.exception("reconciling_failed")
        await wait_until(stop, at_most=resources.settings.triton.reconcile_seconds)


async def reconcile(resources: "Resources") -> bool:
    """Apply the live deployment where Triton is not at it; whether there was anything to do."""
    deployment = await ensure_first_deployment(resources)
    if await is_applied(resources, deployment):
        return False
    await apply_deployment(resources, deployment)
    return True
