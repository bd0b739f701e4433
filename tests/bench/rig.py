"""What sections measure on: the running stack, a seed, a folder, and how much is measured."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from api.local_stack.plan import (
    ADVISOR,
    STORE,
    TRITON,
    WEB,
    PartPlan,
    StackPlan,
    StackShape,
    plan_stack,
)
from api.local_stack.ports import LOOPBACK, free_ports
from api.local_stack.stack import Stack, running_stack
from tests.bench.memory import Memory
from tests.bench.scale import FULL, Scale


@dataclass(frozen=True)
class Rig:
    """``at_rest``: what each part held in memory before anything was measured."""

    stack: Stack
    folder: Path
    seed: int = 1
    scale: Scale = FULL
    at_rest: Mapping[str, Memory] = field(default_factory=dict)

    @property
    def plan(self) -> StackPlan:
        return self.stack.plan

    @property
    def triton_url(self) -> str:
        return self.plan.endpoint(TRITON)

    @property
    def advisor_url(self) -> str:
        return self.plan.endpoint(ADVISOR)

    @property
    def web_url(self) -> str:
        return self.plan.endpoint(WEB)

    @property
    def store_url(self) -> str:
        """The stack's store, without a database: sections that need one take a fresh one."""
        return urlsplit(self.plan.endpoint(STORE))._replace(path="/").geturl()

    def dice(self, purpose: str) -> random.Random:
        """The same for the same seed, whichever sections run."""
        return random.Random(f"{self.seed} {purpose}")  # noqa: S311


@asynccontextmanager
async def beside(
    rig: Rig, name: str, shape: StackShape, changes: Mapping[str, str] = {}
) -> AsyncIterator[Stack]:
    """A stack on the same store, Triton and vLLM, with a database and web processes of its own.

    ``changes`` are made to the environment of its webs and workers.
    """
    plan = plan_stack(given_by(rig, name), state=rig.folder / name, shape=shape)
    parts = tuple(_changed(part, changes) for part in plan.parts)
    async with running_stack(Stack(replace(plan, parts=parts))) as stack:
        yield stack


def _changed(part: PartPlan, changes: Mapping[str, str]) -> PartPlan:
    """Webs and workers with ``changes``; other parts as they are."""
    if part.launch is None or not part.uses_others:
        return part
    environment = {**part.launch.environment, **changes}
    return replace(part, launch=replace(part.launch, environment=environment))


def given_by(rig: Rig, database: str) -> dict[str, str]:
    """The environment that names what runs already, and a database of this name."""
    environment = dict(rig.plan.environment)
    url = urlsplit(rig.plan.endpoint(STORE))
    environment["DUPI_MONGODB_URL"] = url._replace(path=f"/dupi_bench_{database}").geturl()
    for own in ("DUPI_PORT", "DUPI_STORAGE_URL"):
        environment.pop(own, None)
    return environment


def refusing_url() -> str:
    """An endpoint where nobody listens: whoever calls is refused at once."""
    return f"http://{LOOPBACK}:{free_ports(1)[0]}/v1"
