"""Readiness costs the back ends nothing, however often it is asked, and tells no secrets."""

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from api.health import Readiness
from dupi.adapters.advisors import KnownAdvisors
from dupi.errors import Unavailable
from dupi.resources import Resources
from dupi.settings import ApiSettings
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
    advisors = KnownAdvisors({"": cast(Any, advisor)})
    return replace(parts, advisors=advisors, model_servers=(RememberingServer(),))


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


TOKEN = "a token of those who watch"


@pytest.mark.parametrize(
    ("host", "token", "authorization", "status"),
    [
        ("127.0.0.1", None, None, 200),
        ("127.0.0.9", None, None, 200),
        ("::1", None, None, 200),
        ("localhost", None, None, 200),
        ("0.0.0.0", None, None, 404),  # noqa: S104
        ("10.1.2.3", None, None, 404),
        ("web.example", None, None, 404),
        ("0.0.0.0", None, f"Bearer {TOKEN}", 404),  # noqa: S104
        ("0.0.0.0", TOKEN, f"Bearer {TOKEN}", 200),  # noqa: S104
        ("0.0.0.0", TOKEN, f"bearer {TOKEN}", 200),  # noqa: S104
        ("0.0.0.0", TOKEN, f"Bearer {TOKEN}r", 404),  # noqa: S104
        ("0.0.0.0", TOKEN, "Bearer \xe9", 404),  # noqa: S104
        ("0.0.0.0", TOKEN, f"Basic {TOKEN}", 404),  # noqa: S104
        ("0.0.0.0", TOKEN, None, 404),  # noqa: S104
        ("127.0.0.1", TOKEN, None, 404),
        ("127.0.0.1", TOKEN, f"Bearer {TOKEN}", 200),
    ],
)
async def test_metrics_are_for_who_has_the_token_or_is_on_the_machine(
    observed: Resources, host: str, token: str | None, authorization: str | None, status: int
) -> None:
    secret = SecretStr(token) if token else None
    api = observed.settings.api.model_copy(update={"metrics_token": secret})
    settings = observed.settings.model_copy(update={"host": host, "api": api})
    shown = {b"Authorization": authorization.encode("latin-1")} if authorization else {}
    async with caller(app_over(replace(observed, settings=settings))) as anyone:
        answer = await anyone.http.get("/metrics", headers=shown)
    assert answer.status_code == status
    assert ("dupi_" in answer.text) == (status == 200)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_no_header_of_a_proxy_says_who_may_see_metrics(
    observed: Resources, header: str
) -> None:
    settings = observed.settings.model_copy(update={"host": "0.0.0.0"})  # noqa: S104
    async with caller(app_over(replace(observed, settings=settings))) as anyone:
        answer = await anyone.http.get("/metrics", headers={header: "127.0.0.1"})
    assert answer.status_code == 404


def test_a_token_that_can_be_guessed_is_no_setting() -> None:
    with pytest.raises(ValidationError, match="at least 16"):
        ApiSettings(metrics_token=SecretStr("short"))
    assert ApiSettings(metrics_token=SecretStr("x" * 16)).metrics_token
