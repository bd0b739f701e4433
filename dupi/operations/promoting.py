"""Making a deployment go live: prepared beside the live one, tried, then one write.

1. A document in state ``PREPARING`` (from then on nothing that it needs is dropped anywhere).
2. On every Triton server that answers: load what is missing, and try one real classification.
   Where the advisor changes: let it write a few advices that pass the checks.
3. ``go_live``: the one write. Whoever dies before it has changed nothing; after it, whoever keeps
   the servers at the live deployment finishes the rest.
4. Pin the ensemble on every server, end the shadows of what went, write the audit record.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from pymongo.errors import PyMongoError

from dupi.adapters.triton import ModelServer, RequestRefused
from dupi.concurrency import all_of, not_cut_off
from dupi.errors import Conflict, Unavailable
from dupi.logs import get_logger
from dupi.operations.advisor_trials import try_new_advisor
from dupi.operations.applying import bring_to_live, reachable
from dupi.operations.auditing import settle_deployment
from dupi.operations.deployments import (
    get_deployment,
    give_up,
    go_live,
    insert_preparing,
    still_preparing,
)
from dupi.operations.holdings import GivenUp
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.shadows import end_outdated_shadows
from dupi.operations.trials import WrongAnswer, load_and_try
from dupi.operations.wording import without_places

if TYPE_CHECKING:
    from dupi.resources import Resources

_RENEW_S: Final = 5.0
_LOOK_S: Final = 0.2
_INTERNAL: Final = "an unexpected fault: see the log"

_at_work: set["asyncio.Task[Any]"] = set()

log = get_logger(__name__)


async def take_over(
    resources: "Resources", planned: Deployment, *, patience_s: float | None
) -> Deployment:
    """Prepare ``planned`` and let it go live; as it stands after ``patience_s`` (``None``: in the
    end), when it may still be ``PREPARING``, or have ``FAILED``.

    The work goes on where the caller leaves. Raises Conflict where another went live first,
    Unavailable where no Triton server answers (one that changes the advisor alone needs none).
    """
    servers = await reachable(resources) if await _changes_models(planned) else []
    prepared = await insert_preparing(planned)
    await kept(_carry_out(resources, prepared, servers), patience_s=patience_s)
    return await get_deployment(deployment_id=prepared.id)


async def wait_for(deployment_id: str, *, patience_s: float | None) -> Deployment:
    """A deployment that somebody else prepares, once it is through or patience ends."""
    try:
        async with asyncio.timeout(patience_s):
            while True:
                found = await get_deployment(deployment_id=deployment_id)
                if found.state is not DeploymentState.PREPARING:
                    return found
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return await get_deployment(deployment_id=deployment_id)


async def kept(work: Coroutine[Any, Any, None], *, patience_s: float | None) -> bool:
    """Whether ``work`` was through within ``patience_s``; it goes on where the caller leaves.

    Raises what it raised until then.
    """
    task = asyncio.create_task(work)
    _at_work.add(task)
    task.add_done_callback(_forget)
    await asyncio.wait({task}, timeout=patience_s)
    if task.done():
        task.result()
    return task.done()


def _forget(task: "asyncio.Task[None]") -> None:
    _at_work.discard(task)
    if not task.cancelled():
        task.exception()  # of work that nobody waits for any more; it is in the log


async def _carry_out(
    resources: "Resources", prepared: Deployment, servers: list[ModelServer]
) -> None:
    lease = asyncio.create_task(_keep_lease(prepared.id))
    try:
        await all_of(
            load_and_try(resources, server, prepared.versions, prepared.input_size)
            for server in servers
        )
        await try_new_advisor(resources, prepared)
        live = await go_live(prepared)
    except Conflict:
        await _fail(prepared, "another deployment went live first")
        raise
    except (Unavailable, RequestRefused, WrongAnswer) as broken:
        await _fail(prepared, without_places(str(broken)))
        return
    except Exception:
        log.exception("deployment_failed", number=prepared.number)
        await _fail(prepared, _INTERNAL)
        return
    finally:
        lease.cancel()
        await asyncio.gather(lease, return_exceptions=True)
    await _finish(resources, live)


async def _changes_models(planned: Deployment) -> bool:
    before = planned.previous_id and await Deployment.get(planned.previous_id)
    return not before or before.models != planned.models


async def _finish(resources: "Resources", live: Deployment) -> None:
    """What the reconcilers would do in a moment, at once. Nothing here can undo the deployment."""
    log.info(
        "deployment_live",
        number=live.number,
        versions=live.versions,
        advisor=live.advisor.version,
    )
    await bring_all_to_live(resources)
    await end_outdated_shadows(live)
    await settle_deployment(live.id)


async def bring_all_to_live(resources: "Resources") -> None:
    """Every Triton server that answers serves the live deployment when this returns."""
    for server in resources.model_servers:
        try:
            await bring_to_live(resources, server, GivenUp())
        except (Unavailable, RequestRefused) as away:
            log.warning("not_applied_yet", error=str(away))


async def _fail(prepared: Deployment, failure: str) -> None:
    log.warning("deployment_failed", number=prepared.number, failure=failure)
    await give_up(prepared.id, failure)
    await settle_deployment(prepared.id)


async def _keep_lease(deployment_id: str) -> None:
    while True:
        await asyncio.sleep(_RENEW_S)
        try:
            await not_cut_off(still_preparing(deployment_id))
        except PyMongoError as away:
            log.warning("lease_not_renewed", error=str(away))
