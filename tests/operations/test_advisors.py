"""Blue and green advisors: found, promoted and rolled back; streams end where they began."""

import asyncio
from collections import deque
from typing import Any

import pytest

from dupi.errors import Conflict, InvalidInput, NotFound
from dupi.operations.audit import AuditEvent
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.readiness import readiness
from dupi.operations.service import learn_advisor
from dupi.resources import Resources
from tests.operations.both_advisors import (
    Told,
    advise,
    advisor_promoted,
    blue,
    both,
    green,
    live,
)
from tests.operations.promotions import GOOD, HEAD, MINA, promoted, rolled_back
from tests.support.advisor_server import MODEL, AdvisorServer, Script

__all__ = ["blue", "both", "green"]


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
