"""Learning which advisor is served at the usual endpoint, where no promotion named another.

Whoever starts another version there (new weights on one machine, say) has chosen it already: after
it was tried, a deployment of the platform's own says so. At any other endpoint, and for what does
not pass, the deployment that is live stands, and the rules write meanwhile.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import AdvisorIdentity
from dupi.documents import plain
from dupi.errors import Conflict, Unavailable
from dupi.logs import get_logger
from dupi.operations.advisor_trials import try_advisor
from dupi.operations.audit import PLATFORM
from dupi.operations.choosing import planned_after
from dupi.operations.deployments import deployments
from dupi.operations.models import DeployedAdvisor, Deployment
from dupi.operations.promoting import take_over
from dupi.operations.trials import WrongAnswer

if TYPE_CHECKING:
    from dupi.resources import Resources

_LOOK_S: Final = 2.0
"""The caller has Triton to look after."""
_AGAIN_S: Final = 300.0

_refused: dict[tuple[str, str | None], float] = {}
"""When (monotonic) a version was refused after which deployment: it is not tried all the time."""

log = get_logger(__name__)


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
    else:
        await _adopt(resources, live, served)


async def _look(resources: "Resources") -> AdvisorIdentity:
    try:
        async with asyncio.timeout(_LOOK_S):
            return await resources.advisors.at(None).identity()
    except TimeoutError as late:
        raise Unavailable("the advisor does not say who it is", reason="advisor") from late


async def _adopt(resources: "Resources", live: Deployment, served: DeployedAdvisor) -> None:
    key = (live.id, served.version)
    if time.monotonic() - _refused.get(key, -_AGAIN_S) < _AGAIN_S:
        return
    note = f"the advisor's server went from version {live.advisor.version} to {served.version}"
    try:
        await try_advisor(resources, served)
        planned = planned_after(live, PLATFORM, note).model_copy(update={"advisor": served})
        await take_over(resources, planned, patience_s=None)
    except WrongAnswer as wrong:
        _refused[key] = time.monotonic()
        log.warning("advisor_not_adopted", version=served.version, why=str(wrong))
    except Conflict:  # somebody else was faster
        return
