"""Learning which advisor is served at the usual endpoint, where no promotion named another.

Whoever starts another version there (new weights on one machine, say) has chosen it already: after
it was tried, a deployment of the platform's own says so. At any other endpoint, and for what does
not pass, the deployment that is live stands, and the rules write meanwhile.
"""

import asyncio
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import AdvisorIdentity
from dupi.concurrency import wait_until
from dupi.documents import plain
from dupi.errors import Conflict, Unavailable
from dupi.logs import get_logger
from dupi.operations.advisor_trials import try_advisor
from dupi.operations.audit import PLATFORM
from dupi.operations.choosing import planned_after
from dupi.operations.deployments import deployments, find_live_deployment, list_preparing
from dupi.operations.load_lease import only_once_in, was_not_attempted
from dupi.operations.models import DeployedAdvisor, Deployment
from dupi.operations.promoting import take_over
from dupi.operations.trials import WrongAnswer

if TYPE_CHECKING:
    from dupi.resources import Resources

_LOOK_S: Final = 5.0
_AGAIN_S: Final = 300.0
"""A version that was tried in vain is left alone for so long, by every worker."""
_GO_LIVE_S: Final = 30.0

log = get_logger(__name__)


async def learn_until(resources: "Resources", stop: asyncio.Event) -> None:
    """Learn it, again and again, until ``stop`` is set. Everything here has a deadline."""
    while not stop.is_set():
        try:
            live = await find_live_deployment()
            if live is not None:
                await learn_advisor(resources, live)
        except Unavailable as away:  # nothing waits for its name
            log.debug("advisor_not_learnt", error=str(away))
        except Exception:
            log.exception("learning_failed")
        await wait_until(stop, at_most=resources.settings.triton.reconcile_seconds)


async def learn_advisor(resources: "Resources", live: Deployment) -> None:
    """Write down which version the advisor is, once it says so: it starts long after Triton. Where
    it is another one by now, let it take over.

    Raises Unavailable where the advisor is away.
    """
    if live.advisor.endpoint is not None:
        return
    identity = await _look(resources)
    if identity.version is None or identity.version == live.advisor.version:
        return
    served = live.advisor.model_copy(update={"version": identity.version})
    if live.advisor.version is None:
        where = {"_id": live.id, "advisor.version": None}
        await deployments().update_one(where, {"$set": {"advisor": plain(served)}})
    elif not await list_preparing():
        await _adopt_alone(resources, live, served)


async def _adopt_alone(resources: "Resources", live: Deployment, served: DeployedAdvisor) -> None:
    """All workers see the new version in the same moment; one of them tries it."""
    attempt = f"adopt {served.version} after {live.id}"
    if not await only_once_in(_AGAIN_S, attempt):
        return
    try:
        await _adopt(resources, live, served)
    except asyncio.CancelledError:
        await was_not_attempted(attempt)
        raise


async def _look(resources: "Resources") -> AdvisorIdentity:
    try:
        async with asyncio.timeout(_LOOK_S):
            return await resources.advisors.at(None).identity()
    except TimeoutError as late:
        raise Unavailable("the advisor does not say who it is", reason="advisor") from late


async def _adopt(resources: "Resources", live: Deployment, served: DeployedAdvisor) -> None:
    """What is not adopted leaves no deployment behind: nobody asked for it."""
    note = f"the advisor's server went from version {live.advisor.version} to {served.version}"
    try:
        await try_advisor(resources, served)
        planned = planned_after(live, PLATFORM, note).model_copy(update={"advisor": served})
        await take_over(resources, planned, patience_s=_GO_LIVE_S)
    except (WrongAnswer, Unavailable) as wrong:
        log.warning("advisor_not_adopted", version=served.version, why=str(wrong))
    except Conflict:  # somebody else was faster
        return
