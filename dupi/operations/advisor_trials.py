"""Trying an advisor before it advises anybody: a few cases of different kinds, which are nobody's.

Each must be told in a reply that the checks take whole, within the tries that a person's advice has
too: what needs more would leave people to the rules' own words. One that is busy just now, with
people who wait for their advice, is asked again a little later.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import AdvisorIdentity
from dupi.advice.prompts import advice_messages, reply_opening
from dupi.advice.replies import ReplyReader, ReplyRejected
from dupi.concurrency import all_of
from dupi.errors import Unavailable
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import make_plan
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AgeBand,
    Condition,
    Gender,
    HairProduct,
    HairState,
    PurchasePriority,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)
from dupi.logs import get_logger
from dupi.operations.advisors import REPLY_TRIES, refuse_other_version, why_unfit
from dupi.operations.models import DeployedAdvisor, Deployment
from dupi.operations.trials import WrongAnswer

if TYPE_CHECKING:
    from dupi.resources import Resources

_REASON: Final = "advisor"
_SLACK_S: Final = 1.0
_AWAY_TRIES: Final = 3
_PLAIN: Final = SurveyAnswers(
    shampoo_frequency=ShampooFrequency.ONCE_A_DAY,
    perm_frequency=TreatmentFrequency.NEVER,
    dye_frequency=TreatmentFrequency.NEVER,
    hair_state=HairState.NATURAL,
    products=(HairProduct.SHAMPOO,),
    wants_custom_care=False,
    purchase_priority=PurchasePriority.CLEANSING,
    symptoms=(),
    circumstances=(),
)
_BOTHERED: Final = SurveyAnswers(
    shampoo_frequency=ShampooFrequency.EVERY_OTHER_DAY,
    perm_frequency=TreatmentFrequency.ONE_TO_THREE_A_YEAR,
    dye_frequency=TreatmentFrequency.FOUR_TO_SIX_A_YEAR,
    hair_state=HairState.DYED,
    products=(HairProduct.SHAMPOO, HairProduct.CONDITIONER),
    wants_custom_care=True,
    purchase_priority=PurchasePriority.LOW_IRRITATION,
    symptoms=(Symptom.ITCHING,),
    circumstances=(),
)

log = get_logger(__name__)


def _case(survey: SurveyAnswers, grades: Mapping[Condition, Severity]) -> Case:
    return Case(
        grades={one: grades.get(one, Severity.NONE) for one in Condition},
        survey=survey,
        age_band=AgeBand.THIRTIES,
        gender=Gender.FEMALE,
        sites=(ScalpSite.CROWN,),
    )


TRIALS: Final = (
    _case(_PLAIN, {}),
    _case(
        _BOTHERED,
        {
            Condition.FINE_SCALING: Severity.MILD,
            Condition.EXCESS_SEBUM: Severity.MODERATE,
            Condition.DANDRUFF: Severity.MODERATE,
        },
    ),
    _case(_PLAIN, {Condition.FOLLICULAR_PUSTULES: Severity.SEVERE}),
)
"""A clear scalp; several findings, treated hair and a symptom; one who is sent to a doctor."""


async def try_new_advisor(resources: "Resources", prepared: Deployment) -> None:
    """Try the advisor of ``prepared``, where it is another than the one before.

    Of one that comes back it is only asked whether it is there, and fit: it was live, and whoever
    goes back wants away from something that is worse. Raises WrongAnswer, Unavailable.
    """
    before = prepared.previous_id and await Deployment.get(prepared.previous_id)
    if before and (_is_same(before.advisor, prepared.advisor) or prepared.is_adoption):
        return  # tried before that
    if prepared.rolled_back_from_id:
        await _who_answers(resources, prepared.advisor)
    else:
        await try_advisor(resources, prepared.advisor)


def _is_same(before: DeployedAdvisor, named: DeployedAdvisor) -> bool:
    """Also where its version was written down only after ``named`` was planned."""
    if named.version is None:
        return before.endpoint == named.endpoint
    return before == named


async def try_advisor(resources: "Resources", named: DeployedAdvisor) -> None:
    """Let it write an advice in every case of a trial, all at once.

    Raises WrongAnswer where the checks do not take one, or it was trained on what is unknown here;
    Unavailable where it is away, another version, or slow, time and again.
    """
    identity, limits = await _who_answers(resources, named), resources.settings.advisor
    patience = REPLY_TRIES * (limits.total_seconds + _SLACK_S) + _AWAY_TRIES * limits.rest_seconds
    try:
        async with asyncio.timeout(patience):
            await all_of(_try_case(resources, named, identity, case) for case in TRIALS)
    except TimeoutError as late:
        raise Unavailable("the advisor's trial took too long", reason=_REASON) from late


async def _who_answers(resources: "Resources", named: DeployedAdvisor) -> AdvisorIdentity:
    """Raises WrongAnswer where it cannot be asked, Unavailable where it is not there."""
    identity = await resources.advisors.at(named.endpoint).identity()
    refuse_other_version(named, identity)
    if unfit := why_unfit(identity):
        raise WrongAnswer(unfit)
    return identity


async def _try_case(
    resources: "Resources", named: DeployedAdvisor, identity: AdvisorIdentity, case: Case
) -> None:
    refused: list[str] = []
    while len(refused) < REPLY_TRIES:
        try:
            await _read_reply_in_time(resources, named, identity, case)
        except ReplyRejected as rejected:
            refused.append(str(rejected.code))
        else:
            return
    codes = ", ".join(sorted(set(refused)))
    raise WrongAnswer(f"advisor {identity.version} writes what the checks refuse: {codes}")


async def _read_reply_in_time(
    resources: "Resources", named: DeployedAdvisor, identity: AdvisorIdentity, case: Case
) -> None:
    """Raises ReplyRejected; Unavailable where it is away each time, with its rests between."""
    for _ in range(_AWAY_TRIES - 1):
        try:
            return await _read_reply(resources, named, identity, case)
        except Unavailable as away:
            log.info("advisor_trial_waits", version=identity.version, why=str(away))
            await asyncio.sleep(resources.settings.advisor.rest_seconds)
    return await _read_reply(resources, named, identity, case)


async def _read_reply(
    resources: "Resources", named: DeployedAdvisor, identity: AdvisorIdentity, case: Case
) -> None:
    plan, patience = make_plan(case), resources.settings.advisor.total_seconds
    reader = ReplyReader(case, plan)
    messages = advice_messages(case, plan, identity.prompt)
    advisor = resources.advisors.at(named.endpoint)
    async with advisor.reply(messages, timeout=patience, version=identity.version) as reply:
        reader.feed(reply_opening(case))
        async for chunk in reply.chunks():
            reader.feed(chunk)
    reader.finish()
