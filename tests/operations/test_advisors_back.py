"""Going back, and moving: what becomes of the advisor."""

from collections import deque

import pytest

from dupi.errors import NotFound
from dupi.operations.advisor_trials import TRIALS
from dupi.operations.audit import AuditEvent
from dupi.operations.models import DeploymentState
from dupi.operations.service import learn_advisor, list_models
from dupi.resources import Resources
from tests.operations.both_advisors import (
    advisor_promoted,
    blue,
    both,
    green,
    live,
)
from tests.operations.promotions import HEAD, promoted, rolled_back
from tests.support.advisor_server import MODEL, AdvisorServer, Script

__all__ = ["blue", "both", "green"]


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


async def test_an_advisor_that_comes_back_waits_for_no_trial(
    both: Resources, blue: AdvisorServer
) -> None:
    """It was live: who goes back wants away from what is worse, also while all are busy."""
    first = await live()
    second = await advisor_promoted(both, "2")
    blue.scripts = deque([Script([], status=503)])
    back = await rolled_back(both, second)
    assert (back.state, back.advisor) == (DeploymentState.LIVE, first.advisor)
    assert blue.requests == []


async def test_an_advisor_that_comes_back_must_be_fit(both: Resources, blue: AdvisorServer) -> None:
    second = await advisor_promoted(both, "2")
    blue.served.append(f"{MODEL}:rules-99")
    failed = await rolled_back(both, second)
    assert failed.state is DeploymentState.FAILED
    assert "edition 99" in (failed.failure or "")


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
