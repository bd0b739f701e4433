"""Another version of the advisor takes over, and gives back, while analyses are advised.

Both are real: the stack's own vLLM, and one that the test brings up beside it. The other version
has the same weights under another number, so that whatever changes is the platform's doing.
"""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.local_stack.demo.client import ApiClient
from api.local_stack.health import check_advisor
from api.local_stack.launches import launch_advisor, newest_advisor
from api.local_stack.plan import WEB
from api.local_stack.processes import KeptProcess
from api.local_stack.setup.secrets import ADVISOR_KEY, read_secret
from tests.e2e.conftest import example, follow_to_end, new_person, request_analysis
from tests.promotions.test_live import until_through
from tests.support.models import operator_command
from tests.support.stack import RunningStack

pytestmark = pytest.mark.stack

ADVISOR, OTHER = "dupi-advisor", "902"
PEOPLE, CYCLES = 3, 1
SLOW = ("it hung just now", "no time is left", "TimeoutError")
START_S = 180


@dataclass(frozen=True)
class Advised:
    """An analysis: when it was asked for and ended (monotonic seconds), and by whom it was
    advised."""

    asked: float
    ended: float
    source: str
    version: str | None


@dataclass
class Watch:
    """``live``: the version that went live, from when on it may and from when on it must answer."""

    advised: list[Advised] = field(default_factory=list)
    live: list[tuple[float, float, str]] = field(default_factory=list)

    def strange(self) -> list[Advised]:
        """Advised by a version that was not live. On a busy machine one that is too slow gives way
        to the rules' words, as ever."""
        model = (one for one in self.advised if one.source == "MODEL")
        return [one for one in model if one.version not in self._live_during(one)]

    def _live_during(self, one: Advised) -> set[str]:
        before = [version for _, done, version in self.live if done <= one.asked][-1:]
        since = [v for asked, done, v in self.live if asked <= one.ended and done > one.asked]
        return {*before, *since}


@pytest.fixture(scope="module")
async def other(
    stack: RunningStack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The url at which the other version is served."""
    folder = tmp_path_factory.mktemp("advisor")
    model, url = folder / OTHER, stack.other_advisor_url
    shutil.copytree(newest_advisor(), model)
    card = model / "advisor.json"
    card.write_text(json.dumps(json.loads(card.read_text("utf-8")) | {"version": OTHER}), "utf-8")
    port = urlsplit(url).port or 0
    launch = launch_advisor(port, read_secret(ADVISOR_KEY), model)
    environment, log = launch.full_environment(), folder / "advisor.log"
    process = KeptProcess.start(ADVISOR, launch.command, environment=environment, log=log)
    try:
        await _until_up(url)
        yield url
    finally:
        await process.stop()
        launch.forget_leftovers()


async def _until_up(url: str) -> None:
    async with asyncio.timeout(START_S):
        while not (await check_advisor(url)).is_up:  # noqa: ASYNC110
            await asyncio.sleep(0.5)


@pytest.fixture(scope="module")
async def operator(stack: RunningStack) -> ApiClient:
    person = await new_person(stack.web_url)
    operator_command(stack.environment, "role", (await person.query("Viewer"))["email"])
    return person


async def advised(watch: Watch, person: ApiClient) -> None:
    asked = time.monotonic()
    analysis_id = await request_analysis(person, example("crown")[0])
    await follow_to_end(person, analysis_id)
    advice = (await person.query("Analysis", id=analysis_id))["advice"]
    source, version = advice["source"], advice["modelVersion"]
    watch.advised.append(Advised(asked, time.monotonic(), source, version))


@asynccontextmanager
async def people_at_work(stack: RunningStack, watch: Watch) -> AsyncIterator[None]:
    """Each asks for one analysis after another; all of them come to their end."""
    over = asyncio.Event()

    async def one() -> None:
        person = await new_person(stack.web_url)
        while not over.is_set():
            await advised(watch, person)

    async with asyncio.TaskGroup() as group:
        for _ in range(PEOPLE):
            group.create_task(one())
        yield
        over.set()


async def changed(operator: ApiClient, watch: Watch, name: str, **fields: Any) -> str:
    """Promote or roll back; the version that is live then."""
    asked, live = time.monotonic(), await operator.query("LiveDeployment")
    answer = await operator.mutate(name, expectedDeploymentId=live["id"], **fields)
    done = await until_through(operator, answer["deployment"])
    assert done["state"] == "LIVE", done
    [version] = [one["version"] for one in done["versions"] if one["model"] == ADVISOR]
    watch.live.append((asked, time.monotonic(), version))
    return str(version)


async def until_it_advised(watch: Watch, version: str) -> None:
    count = len(watch.advised)
    async with asyncio.timeout(120):
        while all(one.version != version for one in watch.advised[count:]):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


def dropped(log: Path, since: int) -> list[str]:
    """Why an advisor that was asked was not heard to its end, by web's log; being too slow, which
    a busy machine makes of any of them, is not of the switch's doing."""
    told = log.read_bytes()[since:].decode().splitlines()
    reasons = [json.loads(line)["error"] for line in told if '"advisor_away"' in line]
    return [reason for reason in reasons if not any(slow in reason for slow in SLOW)]


async def test_versions_of_the_advisor_change_under_load_and_each_advice_is_of_one_that_was_live(
    stack: RunningStack, operator: ApiClient, other: str
) -> None:
    watch = Watch()
    web = stack.control.parts[WEB].process
    assert web is not None
    before = web.log.stat().st_size
    first = json.loads((newest_advisor() / "advisor.json").read_text("utf-8"))["version"]
    watch.live.append((0, 0, first))
    promote = partial(
        changed, operator, watch, "PromoteModel", versions=[{"model": ADVISOR, "version": OTHER}]
    )
    async with people_at_work(stack, watch):
        await until_it_advised(watch, first)
        for _ in range(CYCLES):
            assert await promote() == OTHER
            await until_it_advised(watch, OTHER)
            assert await changed(operator, watch, "RollBackDeployment") == first
            await until_it_advised(watch, first)
    assert watch.strange() == []
    assert dropped(web.log, before) == []
    assert {one.version for one in watch.advised} >= {first, OTHER}
