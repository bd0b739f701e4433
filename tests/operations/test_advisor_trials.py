"""Before an advisor goes live it gives advices, which the reply checks must take."""

import asyncio
from collections import deque
from dataclasses import replace

import pytest

from dupi.advice.prompts import advice_messages
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import elevated_conditions, make_plan
from dupi.operations import advisor_trials
from dupi.operations.advisor_trials import TRIALS
from dupi.operations.advisors import REPLY_TRIES
from dupi.operations.choosing import planned_after
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.promoting import take_over
from dupi.operations.readiness import readiness
from dupi.resources import Resources
from tests.operations.both_advisors import (
    advise,
    advisor_promoted,
    blue,
    both,
    green,
    live,
)
from tests.operations.promotions import GOOD, MINA, TRIED
from tests.support.advisor_server import MODEL, AdvisorServer, Script

__all__ = ["blue", "both", "green"]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (Script(["[관리] 샴푸 샴푸 샴푸"]), "checks refuse"),
        (Script(["모르겠어요."]), "checks refuse"),
        (Script(["가"], status=503), "reply"),
        (Script(["가"], cut=True), "cut"),
    ],
    ids=["loops", "says nothing", "away", "cut"],
)
async def test_one_that_writes_no_advice_is_not_promoted(
    both: Resources, green: AdvisorServer, script: Script, why: str
) -> None:
    green.scripts = deque([script])
    before = await live()
    failed = await advisor_promoted(both, "2")
    assert failed.state is DeploymentState.FAILED
    assert why in (failed.failure or "")
    assert green.url not in (failed.failure or "")
    assert (await live()).id == before.id
    assert (await advise(both)).model_version == "1"


@pytest.mark.parametrize("case", TRIALS, ids=["clear", "several", "referral"])
async def test_each_case_of_the_trial_must_be_told(
    both: Resources, green: AdvisorServer, case: Case
) -> None:
    asked = advice_messages(case, make_plan(case))[-1]["content"]
    green.scripts = deque([Script([], by_prompt=GOOD | {asked: ["모르겠어요."]})])
    failed = await advisor_promoted(both, "2")
    assert failed.state is DeploymentState.FAILED
    assert "checks refuse" in (failed.failure or "")
    assert [one["messages"][-1]["content"] for one in green.requests].count(asked) == REPLY_TRIES


async def test_a_trial_ends_in_time(
    both: Resources, green: AdvisorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    green.scripts = deque([Script([], pause_s=0.5, by_prompt=GOOD)])
    quick = both.settings.advisor.model_copy(update={"total_seconds": 0.2})
    settings = both.settings.model_copy(update={"advisor": quick})
    monkeypatch.setattr(advisor_trials, "_SLACK_S", 0.1)
    async with asyncio.timeout(5):
        failed = await advisor_promoted(replace(both, settings=settings), "2")
    assert failed.state is DeploymentState.FAILED


@pytest.mark.parametrize(
    ("told", "why"),
    [("prompt-99", "prompt 99"), ("rules-2", "edition 2"), ("rules-99", "edition 99")],
)
async def test_one_that_learnt_what_is_unknown_here_is_not_asked(
    both: Resources, blue: AdvisorServer, green: AdvisorServer, told: str, why: str
) -> None:
    """Neither promoted nor, where it is live, asked: the rules write, and readiness says why."""
    green.served.append(f"{MODEL}:{told}")
    failed = await advisor_promoted(both, "2")
    assert failed.state is DeploymentState.FAILED
    assert why in (failed.failure or "")
    blue.served.append(f"{MODEL}:{told}")
    advice = await advise(both)
    assert (str(advice.source), advice.model_version) == ("RULES", None)
    assert not blue.requests
    [advisor] = [part for part in await readiness(both) if part.name == "advisor"]
    assert advisor.waits_for == "DEPLOYMENT"
    assert why in (advisor.cause or "")


def test_the_trial_is_of_three_kinds() -> None:
    clear, several, sent = (make_plan(case) for case in TRIALS)
    assert len(elevated_conditions(TRIALS[1])) > len(elevated_conditions(TRIALS[0])) == 0
    assert len(several.actions) > 1
    assert (clear.referral, several.referral) == (None, None)
    assert sent.referral is not None


async def test_a_promotion_of_heads_waits_for_no_advisor(
    both: Resources, blue: AdvisorServer
) -> None:
    """Also where the advisor's version is written down while it is under way."""
    now = await live()
    unknown = now.advisor.model_copy(update={"version": None})
    where = {"_id": now.id}
    changes = {"$set": {"advisor.version": None}}
    await Deployment.get_pymongo_collection().update_one(where, changes)
    planned = planned_after(now, MINA, None).model_copy(update={"advisor": unknown})
    await Deployment.get_pymongo_collection().update_one(where, {"$set": {"advisor.version": "1"}})
    blue.served, blue.scripts = [], deque([Script([], status=503)])
    done = await take_over(both, planned, patience_s=None)
    assert (done.state, done.failure) == (DeploymentState.LIVE, None)


async def test_one_bad_reply_is_not_held_against_it(both: Resources, green: AdvisorServer) -> None:
    green.scripts = deque([Script(["모르겠어요."]), TRIED])
    assert (await advisor_promoted(both, "2")).state is DeploymentState.LIVE


async def test_one_that_is_busy_just_now_is_asked_again(
    both: Resources, green: AdvisorServer
) -> None:
    green.scripts = deque([Script([], status=503), Script(["가"], cut=True), TRIED])
    assert (await advisor_promoted(both, "2")).state is DeploymentState.LIVE
