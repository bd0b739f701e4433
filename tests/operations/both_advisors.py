"""Advisors of version 1, live at the usual endpoint, and 2, at another.

They are real servers that say what a test tells them to.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from dupi.adapters.advisor import AdvisorTimeouts
from dupi.adapters.advisors import open_advisors
from dupi.analyses.advising import write_advice
from dupi.knowledge.rules import make_plan
from dupi.operations.advisor_trials import TRIALS
from dupi.operations.models import Deployment
from dupi.operations.service import get_live_deployment, learn_advisor
from dupi.resources import Resources
from dupi.settings import Settings
from tests.operations.promotions import MINA, TRIED
from tests.support.advisor_server import MODEL, AdvisorServer, running_advisor

PATIENCE = AdvisorTimeouts(connect=1, first_token=2, between_tokens=1, total=20)


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
        found = replace(platform, advisors=advisors, settings=_hasty(platform.settings))
        await learn_advisor(found, await live())
        assert (await live()).advisor.version == "1"
        yield found


def _hasty(settings: Settings) -> Settings:
    advisor = settings.advisor.model_copy(update={"rest_seconds": 0.05})
    return settings.model_copy(update={"advisor": advisor})


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
