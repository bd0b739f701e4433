"""Which advisor is live: finding the endpoint that serves a version, and trying it.

A new version comes up at an endpoint of its own. The deployment that names it is promoted after it
has written an advice that passes the checks; from then on whoever advises asks there. What is being
written elsewhere ends where it began.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import AdvisorIdentity
from dupi.advice.prompts import advice_messages, reply_opening
from dupi.advice.replies import ReplyReader, ReplyRejected
from dupi.concurrency import all_of
from dupi.errors import NotFound, Unavailable
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import make_plan
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AgeBand,
    Condition,
    HairProduct,
    HairState,
    PurchasePriority,
    ScalpSite,
    Severity,
    ShampooFrequency,
    TreatmentFrequency,
)
from dupi.logs import get_logger
from dupi.operations.models import DeployedAdvisor, Deployment
from dupi.operations.trials import WrongAnswer

if TYPE_CHECKING:
    from dupi.resources import Resources

_TRIES: Final = 3
"""A good advisor is refused once in a while; one that is refused so often is none."""
_REASON: Final = "advisor"
TRIAL: Final = Case(
    grades={
        condition: Severity.MILD if condition is Condition.DANDRUFF else Severity.NONE
        for condition in Condition
    },
    survey=SurveyAnswers(
        shampoo_frequency=ShampooFrequency.ONCE_A_DAY,
        perm_frequency=TreatmentFrequency.NEVER,
        dye_frequency=TreatmentFrequency.NEVER,
        hair_state=HairState.NATURAL,
        products=(HairProduct.SHAMPOO,),
        wants_custom_care=False,
        purchase_priority=PurchasePriority.CLEANSING,
        symptoms=(),
        circumstances=(),
    ),
    age_band=AgeBand.THIRTIES,
    gender=None,
    sites=(ScalpSite.CROWN,),
)
"""Nobody: what a version is tried with."""

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


async def try_new_advisor(resources: "Resources", prepared: Deployment) -> None:
    """Try the advisor of ``prepared``, where it is another than the one before.

    Raises WrongAnswer, Unavailable.
    """
    before = prepared.previous_id and await Deployment.get(prepared.previous_id)
    if not before or before.advisor != prepared.advisor:
        await try_advisor(resources, prepared.advisor)


async def try_advisor(resources: "Resources", named: DeployedAdvisor) -> None:
    """Let it write an advice that the checks take whole.

    Raises WrongAnswer where it does not, Unavailable where it is away or another version.
    """
    advisor = resources.advisors.at(named.endpoint)
    identity = await advisor.identity()
    refuse_other_version(named, identity)
    refused: list[ReplyRejected] = []
    while len(refused) < _TRIES:
        try:
            await _read_trial(resources, named, identity)
        except ReplyRejected as rejected:
            refused.append(rejected)
        else:
            return
    codes = ", ".join(sorted({str(rejected.code) for rejected in refused}))
    raise WrongAnswer(f"advisor {named.version} writes what the checks refuse: {codes}")


async def _read_trial(
    resources: "Resources", named: DeployedAdvisor, identity: AdvisorIdentity
) -> None:
    plan, patience = make_plan(TRIAL), resources.settings.advisor.total_seconds
    reader = ReplyReader(TRIAL, plan)
    messages = advice_messages(TRIAL, plan, identity.prompt)
    advisor = resources.advisors.at(named.endpoint)
    async with (
        asyncio.timeout(patience + 1),
        advisor.reply(messages, timeout=patience, version=identity.version) as reply,
    ):
        reader.feed(reply_opening(TRIAL))
        async for chunk in reply.chunks():
            reader.feed(chunk)
    reader.finish()
