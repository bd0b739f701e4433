"""Readiness costs the back ends nothing, however often it is asked, and tells no secrets."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from api.health import Readiness
from dupi.errors import Unavailable
from dupi.resources import Resources
from tests.operations.doubles import RememberingServer
from tests.support.web import app_over, caller

_CAUSE = "connect to mongodb://dupi:hunter2@10.1.2.3 failed"


class CountingAdvisor:
    """Away, and slow to say so until ``gate`` is open."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = asyncio.Event()

    async def identity(self) -> Any:
        self.asked += 1
        await self.gate.wait()
        raise Unavailable(_CAUSE)


@pytest.fixture
def advisor() -> CountingAdvisor:
    return CountingAdvisor()


@pytest.fixture
def observed(parts: Resources, advisor: CountingAdvisor) -> Resources:
    return replace(parts, advisor=advisor, model_server=RememberingServer())  # type: ignore[arg-type]


async def test_many_who_ask_at_once_are_one_look(
    observed: Resources, advisor: CountingAdvisor
) -> None:
    async with caller(app_over(observed)) as anyone:
        asking = [asyncio.create_task(anyone.http.get("/health/ready")) for _ in range(50)]
        while not advisor.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        asking[0].cancel()
        advisor.gate.set()
        answers = await asyncio.gather(*asking[1:])
        assert {answer.status_code for answer in answers} == {503}
        assert advisor.asked == 1
        await anyone.http.get("/health/ready")
        assert advisor.asked == 1, "remembered for a second"


async def test_what_is_old_is_looked_at_anew(
    observed: Resources, advisor: CountingAdvisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health._REMEMBERED_S", 0.0)
    advisor.gate.set()
    ready = Readiness()
    for _ in range(3):
        await ready.parts(observed)
    assert advisor.asked == 3


async def test_causes_are_for_the_log_alone(
    observed: Resources, advisor: CountingAdvisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health._REMEMBERED_S", 0.0)
    advisor.gate.set()
    with capture_logs() as lines:
        async with caller(app_over(observed)) as anyone:
            for _ in range(3):
                text = (await anyone.http.get("/health/ready")).text
    assert "UNAVAILABLE" in text
    assert "hunter2" not in text
    told = [line["cause"] for line in lines if line["event"] == "readiness"]
    assert told.count(_CAUSE) == 1


async def test_metrics_are_for_who_comes_from_inside_and_not_through_a_proxy(
    observed: Resources,
) -> None:
    app = app_over(observed)
    for host, headers, status in (
        ("127.0.0.1", {}, 200),
        ("10.1.2.3", {}, 200),
        ("fd00::1", {}, 200),
        ("8.8.8.8", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.1"}, 404),
        ("10.1.2.3", {"Forwarded": "for=10.0.0.1"}, 404),
        ("unix", {}, 404),
    ):
        transport = httpx.ASGITransport(app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            answer = await http.get("/metrics", headers=headers)
        assert answer.status_code == status, (host, headers)
        assert ("dupi_" in answer.text) == (status == 200)
