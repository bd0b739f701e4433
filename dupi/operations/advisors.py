"""Which advisor is live: finding the endpoint that serves a version, and whether it can be asked.

A new version comes up at an endpoint of its own. The deployment that names it is promoted after it
has passed a trial (``advisor_trials``); from then on whoever advises asks there. What is being
written elsewhere ends where it began.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import AdvisorIdentity
from dupi.advice.prompts import SYSTEM
from dupi.concurrency import all_of
from dupi.errors import NotFound, Unavailable
from dupi.knowledge.rulebook import LIVE
from dupi.logs import get_logger
from dupi.operations.choosing import WantedAdvisor
from dupi.operations.models import DeployedAdvisor

if TYPE_CHECKING:
    from dupi.resources import Resources

REPLY_TRIES: Final = 2
"""A good advisor is refused once in a while; one that is refused so often is none."""
_REASON: Final = "advisor"
_AT_ONCE_S: Final = 2.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FoundAdvisor:
    """Who answers at an endpoint; ``identity`` is absent where nobody does."""

    endpoint: str
    identity: AdvisorIdentity | None


async def find_advisors(
    resources: "Resources", *, at_most_s: float | None = None
) -> Sequence[FoundAdvisor]:
    """One for each endpoint of the settings, the usual one first."""

    async def look(endpoint: str) -> FoundAdvisor:
        try:
            async with asyncio.timeout(at_most_s):
                identity = await resources.advisors.at(endpoint).identity()
            return FoundAdvisor(endpoint, identity)
        except (Unavailable, TimeoutError) as away:
            log.info("advisor_not_there", error=str(away))
            return FoundAdvisor(endpoint, None)

    return await all_of(look(endpoint) for endpoint in resources.advisors.endpoints)


async def chosen_advisor(
    resources: "Resources", wanted: WantedAdvisor, live: DeployedAdvisor
) -> DeployedAdvisor:
    """The version, where it is served: as it is live, else at the first endpoint that does.

    Raises NotFound where it is served nowhere, or not at the endpoint that is wanted.
    """
    found = await find_advisors(resources)
    places = found if wanted.place is None else found[wanted.place - 1 : wanted.place]
    served = [_deployed(resources, one) for one in places if _serves(one, wanted.version)]
    if not served:
        raise NotFound(f"version {wanted.version!r} of the advisor is not served there")
    return live if live in served else served[0]


async def served_again(resources: "Resources", wanted: DeployedAdvisor) -> DeployedAdvisor | None:
    """One that was live, where it or its version is served now; ``None``: nowhere, as far as can be
    told at once."""
    found = await find_advisors(resources, at_most_s=_AT_ONCE_S)
    served = [_deployed(resources, one) for one in found if _serves(one, wanted.version)]
    return wanted if wanted in served else next(iter(served), None)


def _serves(found: FoundAdvisor, version: str | None) -> bool:
    return found.identity is not None and found.identity.version == version is not None


def _deployed(resources: "Resources", found: FoundAdvisor) -> DeployedAdvisor:
    usual, identity = resources.advisors.endpoints[0], found.identity
    return DeployedAdvisor(
        model=identity.model if identity else resources.settings.advisor.model,
        version=identity and identity.version,
        endpoint=None if found.endpoint == usual else found.endpoint,
    )


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
