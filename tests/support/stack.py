"""The whole stack for tests marked ``stack``: started once a session, on free ports."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from api.local_stack.stack import Stack


@dataclass(frozen=True)
class RunningStack:
    """Where each part listens, the ``DUPI_`` environment that web runs with, and the stack
    itself, to stop and start parts of it. ``other_advisor_url``: where nothing listens, and a test
    may bring up another version of the advisor."""

    mongodb_url: str
    triton_url: str
    advisor_url: str
    other_advisor_url: str
    web_url: str
    environment: Mapping[str, str]
    control: "Stack"


_CHANGES = {"DUPI_ANALYSES__MAX_QUEUED": "24", "DUPI_ANALYSES__LEASE_SECONDS": "8"}
"""Far less than by default: an overload is told so soon, and soon worked off; what a killed worker
held is soon taken over."""
_SAID = pytest.StashKey[list[str]]()
"""What ended by itself or was killed, and was started again."""


@pytest.fixture(scope="session")
async def stack(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningStack]:
    """Store, Triton, vLLM and web, as ``make up`` starts them and watches over them; with a copy
    of the published models, to which tests may add versions."""
    from api.local_stack.plan import ADVISOR, STORE, TRITON, WEB, plan_stack
    from api.local_stack.ports import LOOPBACK, free_ports
    from api.local_stack.stack import Stack, running_stack
    from tests.support.models import copied_repository

    given = {name: value for name, value in os.environ.items() if name != "DUPI_PORT"}
    other = f"http://{LOOPBACK}:{free_ports(1)[0]}/v1"
    given |= _CHANGES | {"DUPI_ADVISOR__OTHER_URLS": other}
    models = tmp_path_factory.mktemp("models") / "repository"
    given.setdefault("DUPI_MODEL_REPOSITORY", str(copied_repository(models)))
    plan = plan_stack(given, state=tmp_path_factory.mktemp("stack"), database="dupi_test")
    sys.stderr.write("\n(starting the store, Triton, vLLM and web)\n")
    said = pytestconfig.stash.setdefault(_SAID, [])
    async with running_stack(Stack(plan)) as running, _watched(running, said):
        yield RunningStack(
            mongodb_url=plan.endpoint(STORE),
            triton_url=plan.endpoint(TRITON),
            advisor_url=plan.endpoint(ADVISOR),
            other_advisor_url=other,
            web_url=plan.endpoint(WEB),
            environment=plan.environment,
            control=running,
        )


@asynccontextmanager
async def _watched(stack: "Stack", said: list[str]) -> AsyncIterator[None]:
    watching = asyncio.create_task(stack.watch(said.append))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if said := config.stash.get(_SAID, []):
        terminalreporter.section("the stack, meanwhile")
        for text in said:
            terminalreporter.write_line(text.partition("\n")[0])


@pytest.fixture
async def left_at_rest(stack: RunningStack) -> AsyncIterator[None]:
    """For a test that gives the stack more to do than it can, or ends parts of it: the next one
    begins once all of it is well again."""
    from tests.support.outcomes import until_at_rest

    yield
    await until_at_rest(stack.control)
