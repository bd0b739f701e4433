"""The whole stack for tests marked ``stack``: started once a session, on free ports."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from api.local_stack.stack import Stack


@dataclass(frozen=True)
class RunningStack:
    """Where each part listens, the ``DUPI_`` environment that web runs with, and the stack
    itself, to stop and start parts of it."""

    mongodb_url: str
    triton_url: str
    advisor_url: str
    web_url: str
    environment: Mapping[str, str]
    control: "Stack"


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    """Store, Triton, vLLM and web, as ``make up`` starts them."""
    from api.local_stack.plan import ADVISOR, STORE, TRITON, WEB, plan_stack
    from api.local_stack.stack import Stack, running_stack

    given = {name: value for name, value in os.environ.items() if name != "DUPI_PORT"}
    plan = plan_stack(given, state=tmp_path_factory.mktemp("stack"), database="dupi_test")
    sys.stderr.write("\n(starting the store, Triton, vLLM and web)\n")
    async with running_stack(Stack(plan)) as running:
        yield RunningStack(
            mongodb_url=plan.endpoint(STORE),
            triton_url=plan.endpoint(TRITON),
            advisor_url=plan.endpoint(ADVISOR),
            web_url=plan.endpoint(WEB),
            environment=plan.environment,
            control=running,
        )
