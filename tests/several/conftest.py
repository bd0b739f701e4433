"""Two webs and two workers, each a process of its own, that share one store, one Redis, one bucket,
and the Triton and vLLM of the session's stack."""

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from pymongo import AsyncMongoClient

from api.local_stack.demo.client import ApiClient
from api.local_stack.plan import StackShape, plan_stack
from api.local_stack.stack import Stack, running_stack
from tests.adapters.conftest import buckets
from tests.support.buckets import BucketServer, running_buckets
from tests.support.outcomes import until_at_rest, until_well
from tests.support.stack import RunningStack
from tests.support.store import fresh_database_url
from tests.support.web_fixtures import parts, photo

__all__ = ["buckets", "parts", "photo"]

_SHARED: Final = (
    "DUPI_TRITON_URL",
    "DUPI_ADVISOR_URL",
    "DUPI_ADVISOR_API_KEY",
    "DUPI_MODEL_REPOSITORY",
)


@dataclass(frozen=True)
class Several:
    """``control``: the four processes with their store and Redis; ``shared``: the session's stack,
    of which they use Triton and vLLM."""

    control: Stack
    buckets: BucketServer
    shared: Stack

    @property
    def webs(self) -> tuple[str, str]:
        """Base urls of both."""
        return self.control.plan.endpoint("web"), self.control.plan.endpoint("web-2")

    def signal(self, part: str, number: signal.Signals) -> None:
        """To the part's program, and not to its keeper."""
        process = self.control.parts[part].process
        for pid in process.program_pids() if process else ():
            os.kill(pid, number)

    async def heal(self) -> None:
        """Undo what a test did: what it stopped goes on, and what it killed is started again."""
        self.buckets.go_on()
        for name, part in self.control.parts.items():
            self.signal(name, signal.SIGCONT)
            if part.process and part.process.exit_status is not None:
                await self.control.start_part(name)
        await until_well(self.control)
        await until_at_rest(self.shared)

    def log_of(self, part: str) -> str:
        return (self.control.plan.logs / f"{part}.log").read_text()

    async def stored(self, collection: str) -> list[dict[str, Any]]:
        """Every document, as it lies in the store."""
        url = self.control.plan.environment["DUPI_MONGODB_URL"]
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
        try:
            return await client.get_default_database()[collection].find({}).to_list()
        finally:
            await client.close()


@asynccontextmanager
async def running_several(
    stack: RunningStack, state: Path, **changes: str
) -> AsyncIterator[Several]:
    """``changes`` are settings of all four processes."""
    with running_buckets() as server:
        given = {name: stack.environment[name] for name in _SHARED if name in stack.environment}
        given |= {**server.environment, **_given_store(), **changes}
        plan = plan_stack(
            given,
            state=state,
            database="dupi_test_several",
            shape=StackShape(webs=2, workers=2, has_redis=True),
        )
        async with running_stack(Stack(plan)) as control:
            yield Several(control, server, stack.control)


def _given_store() -> Mapping[str, str]:
    url = os.environ.get("DUPI_MONGODB_URL")
    return {"DUPI_MONGODB_URL": fresh_database_url(url)} if url else {}


def at(person: ApiClient, web: str) -> ApiClient:
    """The same person at another web."""
    return ApiClient(web, token=person.token)


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="module")
async def started(
    request: pytest.FixtureRequest, stack: RunningStack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Several]:
    """With the settings that the module names in ``SETTINGS``."""
    state = tmp_path_factory.mktemp("several")
    async with running_several(stack, state, **request.module.SETTINGS) as running:
        yield running


@pytest.fixture
async def several(started: Several) -> AsyncIterator[Several]:
    """The module's processes, all of them well again afterwards."""
    yield started
    await started.heal()
