"""Blue and green advisors: found, tried, promoted and rolled back; streams end where they began.

The servers are real ones that say what a test tells them to.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dupi.adapters.advisor import AdvisorTimeouts
from dupi.adapters.advisors import open_advisors
from dupi.advice.prompts import advice_messages
from dupi.analyses.advising import write_advice
from dupi.errors import Conflict, InvalidInput, NotFound
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import elevated_conditions, make_plan
from dupi.operations import advisor_trials
from dupi.operations.advisor_trials import TRIALS
from dupi.operations.advisors import REPLY_TRIES
from dupi.operations.audit import AuditEvent
from dupi.operations.choosing import planned_after
from dupi.operations.deployments import give_up, insert_preparing
from dupi.operations.load_lease import load_leases
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.promoting import take_over
from dupi.operations.readiness import readiness
from dupi.operations.reconciler import reconcile_until
from dupi.operations.service import get_live_deployment, learn_advisor, list_models
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.analyses.running import a_good_reply
from tests.operations.promotions import HEAD, MINA, promoted, rolled_back
from tests.support.advisor_server import MODEL, AdvisorServer, Script, running_advisor

PATIENCE = AdvisorTimeouts(connect=1, first_token=2, between_tokens=1, total=20)
GOOD = {
    advice_messages(case, make_plan(case))[-1]["content"]: a_good_reply(case) for case in TRIALS
}
TRIED = Script([], by_prompt=GOOD)


@pytest.fixture
async def blue() -> AsyncIterator[AdvisorServer]:
    async with running_advisor() as server:
        server.served, server.scripts = [MODEL, f"{MODEL}:1"], deque([TRIED])
        yield server


@pytest.fixture
async def green() -> AsyncIterator[AdvisorServer]:
    async with running_advisor() as server:
        server.served, server.scripts = [MODEL, f"{MODEL}:2"], deque([TRIED])
        yield server


@pytest.fixture
async def both(
    platform: Resources, first: Deployment, blue: AdvisorServer, green: AdvisorServer
) -> AsyncIterator[Resources]:
    """Version 1 is live at the usual endpoint, and 2 is up at another."""
    urls = [blue.url, green.url]
    async with open_advisors(urls, api_key=None, model=MODEL, timeouts=PATIENCE) as advisors:
        found = replace(platform, advisors=advisors)
        await learn_advisor(found, await live())
        assert (await live()).advisor.version == "1"
        yield found


async def live() -> Deployment:
    return await get_live_deployment()


async def advisor_promoted(both: Resources, version: str, **more: Any) -> Deployment:
    from dupi.operations.service import ChosenVersion, promote

    chosen = [ChosenVersion(MODEL, version)]
    expected = (await live()).id
    return await promote(both, versions=chosen, expected_id=expected, actor=MINA, **more)


class Told:
    """A claim that keeps what it is told to write."""

    seconds_left = 20.0

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.began = asyncio.Event()
        self.analysis = self

    next_sequence = 1

    def events_after(self, _: int) -> list[Any]:
        return []

    async def write(self, *events: Any) -> None:
        self.events += events
        self.began.set()


async def advise(both: Resources, told: Told | None = None) -> Any:
    return await write_advice(both, told or Told(), TRIALS[0], make_plan(TRIALS[0]))  # type: ignore[arg-type]


async def test_a_version_goes_live_where_it_is_served_and_back_again(
    both: Resources, green: AdvisorServer
) -> None:
    second = await advisor_promoted(both, "2")
    assert second.state is DeploymentState.LIVE
    assert (second.advisor.version, second.advisor.endpoint) == ("2", green.url)
    assert second.models == (await Deployment.get(second.previous_id or "")).models  # type: ignore[union-attr]
    assert (await advise(both)).model_version == "2"
    assert (await advisor_promoted(both, "2")).id == second.id
    third = await rolled_back(both, second)
    assert (third.advisor.version, third.advisor.endpoint) == ("1", None)
    assert (await advise(both)).model_version == "1"
    events = await AuditEvent.find({}).to_list()
    changes = [(one.before.get("advisor"), one.after.get("advisor")) for one in events]
    assert ("1", "2") in changes
    assert ("2", "1") in changes


async def test_it_goes_live_beside_heads_and_alone(both: Resources) -> None:
    from dupi.operations.service import ChosenVersion, promote

    chosen = [ChosenVersion(HEAD, "5"), ChosenVersion(MODEL, "2")]
    found = await promote(both, versions=chosen, expected_id=(await live()).id, actor=MINA)
    assert (found.versions[HEAD], found.advisor.version) == (5, "2")
    other = await promoted(both, found, (HEAD, 3))
    assert other.advisor.version == "2"  # what is not named stays


async def test_an_advisor_alone_needs_no_triton(both: Resources, server: Any) -> None:
    server.away = True
    assert (await advisor_promoted(both, "2")).state is DeploymentState.LIVE


async def test_streams_in_flight_end_where_they_began(
    both: Resources, blue: AdvisorServer, green: AdvisorServer
) -> None:
    """Many are being written while versions change to and fro; none is cut, and each is of one."""
    blue.scripts = green.scripts = deque([Script([], pause_s=0.01, by_prompt=GOOD)])
    ended, advised = asyncio.Event(), list[Any]()

    async def person() -> None:
        while not ended.is_set():
            advised.append(await advise(both))

    people = [asyncio.create_task(person()) for _ in range(6)]
    held = Told()
    slow = Script([], pause_s=0.05, by_prompt=GOOD)
    blue.scripts = deque([slow, Script([], pause_s=0.01, by_prompt=GOOD)])
    first = asyncio.create_task(advise(both, held))
    await held.began.wait()
    try:
        for _ in range(3):
            second = await advisor_promoted(both, "2")
            await asyncio.sleep(0.2)
            await rolled_back(both, second)
            await asyncio.sleep(0.2)
    finally:
        ended.set()
        await asyncio.gather(*people)
    assert (await first).model_version == "1"
    assert {one.model_version for one in advised} == {"1", "2"}
    assert {str(one.source) for one in advised} == {"MODEL"}
    assert blue.abandoned == green.abandoned == 0


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


@pytest.mark.parametrize("version", ["3", "", "../2", "2 ", "x" * 65])
async def test_a_version_that_is_served_nowhere(both: Resources, version: str) -> None:
    with pytest.raises(NotFound):
        await advisor_promoted(both, version)


async def test_what_else_cannot_be_asked_for(both: Resources) -> None:
    from dupi.operations.service import ChosenVersion, promote

    twice = [ChosenVersion(MODEL, "2"), ChosenVersion(MODEL, "1")]
    with pytest.raises(InvalidInput):
        await promote(both, versions=twice, expected_id=(await live()).id, actor=MINA)
    with pytest.raises(Conflict):
        await promote(both, versions=twice[:1], expected_id="another", actor=MINA)


async def test_another_version_than_the_live_one_is_not_asked(
    both: Resources, green: AdvisorServer
) -> None:
    """A server that was replaced behind its endpoint: the rules write until it is promoted."""
    await advisor_promoted(both, "2")
    green.served = [MODEL, f"{MODEL}:3"]
    advice = await advise(both)
    assert (str(advice.source), advice.model_version) == ("RULES", None)
    parts = {part.name: part.waits_for for part in await readiness(both)}
    assert parts["advisor"] == "DEPLOYMENT"
    await learn_advisor(both, await live())
    assert (await live()).advisor.version == "2"  # what was promoted by name is not adopted
    assert (await advisor_promoted(both, "3")).state is DeploymentState.LIVE
    assert (await advise(both)).model_version == "3"


async def test_the_usual_endpoint_s_new_version_takes_over_once_it_is_tried(
    both: Resources, blue: AdvisorServer
) -> None:
    before = await live()
    blue.served = [MODEL, f"{MODEL}:4"]
    await learn_advisor(both, before)
    after = await live()
    assert (after.number, after.advisor.version) == (before.number + 1, "4")
    assert "from version 1 to 4" in (after.note or "")
    assert (await advise(both)).model_version == "4"


async def test_one_that_writes_badly_is_not_adopted_and_not_asked_all_the_time(
    both: Resources, blue: AdvisorServer
) -> None:
    before = await live()
    blue.served, blue.scripts = [MODEL, f"{MODEL}:4"], deque([Script(["모르겠어요."])])
    for _ in range(3):
        await learn_advisor(both, before)
    assert (await live()).id == before.id
    assert await Deployment.find({}).count() == 1
    tried = len(blue.requests)
    assert 0 < tried <= REPLY_TRIES * len(TRIALS)
    blue.scripts = deque([TRIED])
    await load_leases().update_many({}, {"$set": {"until_ms": 0}})
    await learn_advisor(both, before)
    assert (await live()).advisor.version == "4"


async def test_of_many_workers_one_adopts(both: Resources, blue: AdvisorServer) -> None:
    before = await live()
    blue.served = [MODEL, f"{MODEL}:4"]
    await asyncio.gather(*(learn_advisor(both, before) for _ in range(5)))
    assert (await live()).advisor.version == "4"
    assert len(blue.requests) == len(TRIALS)
    assert await Deployment.find({}).count() == 2


async def test_nothing_is_adopted_while_somebody_promotes(
    both: Resources, blue: AdvisorServer
) -> None:
    before = await live()
    blue.served = [MODEL, f"{MODEL}:4"]
    prepared = await insert_preparing(planned_after(before, MINA, None))
    await learn_advisor(both, before)
    assert not blue.requests
    await give_up(prepared.id, "cut off")
    await learn_advisor(both, before)
    assert (await live()).advisor.version == "4"


async def test_reconciling_waits_for_no_advisor(
    both: Resources, blue: AdvisorServer, server: Any
) -> None:
    """Which is asked for advices meanwhile, and slow; what is under way then ends with it."""
    blue.served = [MODEL, f"{MODEL}:4"]
    blue.scripts = deque([Script([], pause_s=30, by_prompt=GOOD)])
    stop = asyncio.Event()
    reconciling = asyncio.create_task(reconcile_until(both, stop))
    async with asyncio.timeout(5):
        while not blue.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        server.restart()
        while names.ENSEMBLE not in server.loaded:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        stop.set()
        await reconciling
        while blue.abandoned < len(TRIALS):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert not [one for one in asyncio.all_tasks() if "learn" in repr(one.get_coro())]
    blue.scripts = deque([TRIED])
    await learn_advisor(both, await live())
    assert (await live()).advisor.version == "4"  # what was left off is begun again at once


async def test_classifiers_go_back_without_an_advisor_that_is_gone(
    both: Resources, blue: AdvisorServer
) -> None:
    """What people wait for is the classifiers of the time before; the advisor that is live stays,
    and the deployment says so. Asked again, it is the same one."""
    first = await live()
    second = await promoted(both, first, (HEAD, 5))
    third = await advisor_promoted(both, "2")
    blue.served = []
    back = await rolled_back(both, third, to_id=first.id, note="worse")
    assert (back.state, back.versions) == (DeploymentState.LIVE, first.versions)
    assert back.advisor == third.advisor
    assert back.note == "worse (version 1 of the advisor is not served now: 2 stays)"
    assert await rolled_back(both, third, to_id=first.id) == back
    [event] = await AuditEvent.find({"object_id": back.id}).to_list()
    assert event.note == back.note
    about_the_advisor = await rolled_back(both, back, to_id=second.id)
    assert about_the_advisor.versions == second.versions


async def test_going_back_to_another_advisor_alone_says_that_it_is_gone(
    both: Resources, blue: AdvisorServer
) -> None:
    first = await live()
    second = await advisor_promoted(both, "2")
    blue.served = []
    for more in ({"to_id": first.id}, {}):
        failed = await rolled_back(both, second, **more)
        assert failed.state is DeploymentState.FAILED
    assert (await live()).id == second.id


async def test_what_was_adopted_is_not_what_one_goes_back_from(
    both: Resources, blue: AdvisorServer
) -> None:
    first = await live()
    with_head = await promoted(both, first, (HEAD, 5))
    blue.served = [MODEL, f"{MODEL}:4"]
    await learn_advisor(both, with_head)
    adopted = await live()
    assert (adopted.advisor.version, adopted.previous_id) == ("4", with_head.id)
    back = await rolled_back(both, adopted)
    assert (back.versions, back.advisor.version) == (first.versions, "4")
    assert (await rolled_back(both, back)).versions == with_head.versions


async def test_nothing_is_before_what_was_adopted_first(
    both: Resources, blue: AdvisorServer
) -> None:
    blue.served = [MODEL, f"{MODEL}:4"]
    await learn_advisor(both, await live())
    with pytest.raises(NotFound):
        await rolled_back(both, await live())


async def test_classifiers_that_go_back_wait_for_no_trial(
    both: Resources, blue: AdvisorServer
) -> None:
    first = await live()
    await promoted(both, first, (HEAD, 5))
    third = await advisor_promoted(both, "2")
    blue.scripts = deque([Script(["모르겠어요."])])
    back = await rolled_back(both, third, to_id=first.id)
    assert (back.state, back.advisor, back.versions) == (
        DeploymentState.LIVE,
        first.advisor,
        first.versions,
    )


async def test_the_same_version_moves_to_another_endpoint(
    both: Resources, blue: AdvisorServer, green: AdvisorServer
) -> None:
    """By the number of the endpoint while both serve it; by itself where the other one is gone."""
    first = await live()
    green.served = [MODEL, f"{MODEL}:1"]
    assert (await advisor_promoted(both, "1")).id == first.id
    moved = await advisor_promoted(both, "1@2")
    assert (moved.state, moved.advisor.version) == (DeploymentState.LIVE, "1")
    assert moved.advisor.endpoint == green.url
    assert (await advisor_promoted(both, "1@2")).id == moved.id
    assert (await advisor_promoted(both, "1")).id == moved.id
    green.served = []
    again = await advisor_promoted(both, "1")
    assert (again.state, again.advisor.endpoint) == (DeploymentState.LIVE, None)
    assert len(blue.requests) == len(TRIALS)


@pytest.mark.parametrize(
    "version", ["1@2", "2@1", "2@3", "2@0", "2@x", "2@", "prompt-2", "rules-1"]
)
async def test_what_is_not_served_at_that_endpoint(
    both: Resources, green: AdvisorServer, version: str
) -> None:
    green.served += [f"{MODEL}:prompt-2", f"{MODEL}:rules-1"]
    with pytest.raises(NotFound):
        await advisor_promoted(both, version)


async def test_versions_that_are_served_are_listed(both: Resources) -> None:
    [advisor] = [one for one in await list_models(both) if one.kind == "ADVISOR"]
    assert advisor.name == MODEL
    assert advisor.live_version == "1"
    assert [one.version for one in advisor.versions] == ["1", "2"]
