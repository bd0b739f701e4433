"""Which advisor is live: finding the endpoint that serves a version, and whether it can be asked.

A new version comes up at an endpoint of its own. The deployment that names it is promoted after it
has passed a trial (``advisor_trials``); from then on whoever advises asks there. What is being
written elsewhere ends where it began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import AdvisorIdentity
from dupi.advice.prompts import SYSTEM
from dupi.concurrency import all_of
from dupi.errors import NotFound, Unavailable
from dupi.knowledge.rulebook import LIVE
from dupi.logs import get_logger
from dupi.operations.models import DeployedAdvisor

if TYPE_CHECKING:
    from dupi.resources import Resources

REPLY_TRIES: Final = 2
"""A good advisor is refused once in a while; one that is refused so often is none."""
_REASON: Final = "advisor"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FoundAdvisor:
    """Who answers at an endpoint; ``identity`` is absent where nobody does."""

    endpoint: str
    identity: AdvisorIdentity | None


async def find_advisors(resources: "Resources") -> Sequence[FoundAdvisor]:
    """One for each endpoint of the settings, the usual one first."""

    async def look(endpoint: str) -> FoundAdvisor:
        try:
            return FoundAdvisor(endpoint, await resources.advisors.at(endpoint).identity())
        except Unavailable as away:
            log.info("advisor_not_there", error=str(away))
            return FoundAdvisor(endpoint, None)

    return await all_of(look(endpoint) for endpoint in resources.advisors.endpoints)


async def chosen_advisor(resources: "Resources", version: str) -> DeployedAdvisor:
    """The version, where it is served. Raises NotFound where it is served nowhere."""
    for found in await find_advisors(resources):
        if found.identity and found.identity.version == version:
            usual = resources.advisors.endpoints[0]
            endpoint = None if found.endpoint == usual else found.endpoint
            return DeployedAdvisor(model=found.identity.model, version=version, endpoint=endpoint)
    raise NotFound(f"no endpoint of the settings serves version {version!r} of the advisor")


def refuse_other_version(named: DeployedAdvisor, identity: AdvisorIdentity) -> None:
    """Raises Unavailable where another version answers than the one that a deployment names."""
    if named.version is not None and identity.version != named.version:
        message = f"version {identity.version} is served, not {named.version}"
        raise Unavailable(message, reason=_REASON)


def why_unfit(identity: AdvisorIdentity, edition: str = LIVE) -> str | None:
    """Why who answers cannot put plans of this edition into words; ``None``: it can.

    It would be asked by words that it never learnt, or tell of actions that it never saw.
    """
    if identity.prompt not in SYSTEM:
        return f"advisor {identity.version} is asked by prompt {identity.prompt}, which is unknown"
    if identity.rules != edition:
        return (
            f"advisor {identity.version} learnt edition {identity.rules} of the rules, "
            f"and plans are made by edition {edition}"
        )
    return None


def refuse_unfit(identity: AdvisorIdentity, edition: str = LIVE) -> None:
    """Raises Unavailable where who answers cannot put plans of this edition into words."""
    if unfit := why_unfit(identity, edition):
        raise Unavailable(unfit, reason=_REASON)
