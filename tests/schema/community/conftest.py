"""The web side's fixtures, and someone beside her."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from tests.support.web import Caller, caller
from tests.support.web_fixtures import *  # noqa: F403


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[Caller]:
    async with caller(app) as someone:
        await someone.sign_up("other@example.com", nickname="다른이")
        yield someone
