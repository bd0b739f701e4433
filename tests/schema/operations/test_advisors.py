"""An advisor's version as operators see it: listed where it is served, promoted by its name."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from dupi.adapters.advisor import AdvisorTimeouts
from dupi.adapters.advisors import open_advisors
from dupi.operations.models import Deployment
from dupi.resources import Resources
from tests.operations.promotions import TRIED
from tests.schema.operations.test_promoting import HEAD, promoted, rolled_back, shown
from tests.support.advisor_server import MODEL, VERSION, AdvisorServer, Script, running_advisor
from tests.support.web import Caller, app_over

PATIENCE = AdvisorTimeouts(connect=1, first_token=2, between_tokens=1, total=20)


@pytest.fixture
async def green() -> AsyncIterator[AdvisorServer]:
    async with running_advisor() as server:
        server.scripts.append(TRIED)
        yield server


@pytest.fixture
async def app(
    operated: Resources, live: Deployment, green: AdvisorServer
) -> AsyncIterator[Starlette]:
    urls = ["http://127.0.0.1:9/v1", green.url]
    async with open_advisors(urls, api_key=None, model=MODEL, timeouts=PATIENCE) as advisors:
        yield app_over(replace(operated, advisors=advisors))


async def test_an_advisor_is_listed_promoted_and_rolled_back(
    operator: Caller, live: Deployment
) -> None:
    [listed] = [one for one in await operator.run("Models") if one["kind"] == "ADVISOR"]
    assert (listed["name"], listed["condition"], listed["shadows"]) == (MODEL, None, [])
    [version] = listed["versions"]
    assert (version["version"], version["state"], version["trunkVersion"]) == (
        VERSION,
        "READY",
        None,
    )
    chosen = [(MODEL, VERSION), (HEAD, "2")]
    second = (await promoted(operator, shown(live), *chosen, note="new words"))["deployment"]
    assert second["state"] == "LIVE"
    versions = {one["model"]: one["version"] for one in second["versions"]}
    assert (versions[MODEL], versions[HEAD]) == (VERSION, "2")
    [listed] = [one for one in await operator.run("Models") if one["kind"] == "ADVISOR"]
    assert listed["liveVersion"] == VERSION


async def test_what_is_wrong_with_an_advisor_is_told(
    operator: Caller, live: Deployment, green: AdvisorServer
) -> None:
    nowhere = await promoted(operator, shown(live), (MODEL, "99"))
    assert nowhere["__typename"] == "NotFoundError"
    green.scripts[0] = Script(["[관리] 샴푸 샴푸 샴푸"])
    failed = (await promoted(operator, shown(live), (MODEL, VERSION)))["deployment"]
    assert failed["state"] == "FAILED"
    assert "checks refuse" in failed["failure"]
    assert (await operator.run("LiveDeployment"))["id"] == shown(live)
    again = await rolled_back(operator, shown(live))
    assert again["__typename"] == "NotFoundError"  # nothing was live before
