"""An advisor whose server answers with another version takes over once it is tried."""

import asyncio
from collections import deque
from typing import Any

from dupi.operations.advisor_trials import TRIALS
from dupi.operations.advisors import REPLY_TRIES
from dupi.operations.choosing import planned_after
from dupi.operations.deployments import give_up, insert_preparing
from dupi.operations.load_lease import load_leases
from dupi.operations.models import Deployment
from dupi.operations.reconciler import reconcile_until
from dupi.operations.service import learn_advisor
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.operations.both_advisors import (
    advise,
    blue,
    both,
    green,
    live,
)
from tests.operations.promotions import GOOD, MINA, TRIED
from tests.support.advisor_server import MODEL, AdvisorServer, Script

__all__ = ["blue", "both", "green"]


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
