"""More people than the machine can bear, for as long as is asked: ``run``.

The load comes from a process of its own (``generator.py``); this one looks at the stack meanwhile.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from api.local_stack.paths import ROOT
from api.local_stack.plan import WEB, plan_stack
from api.local_stack.stack import Stack, running_stack
from dupi.settings import AnalysesSettings
from tests.load.generator import Orders
from tests.load.report import OverloadReport
from tests.load.watching import watched

_CLIENTS: Final = 8
_LINE_LIMIT: Final = 64 * 2**20
_ENDS_WITHIN_SECONDS: Final = 900.0
"""Beside the load itself: people, measuring, the way back to rest."""

Say = Callable[[str], object]


async def run(  # noqa: PLR0913
    seed: int,
    *,
    say: Say,
    stack: Stack | None = None,
    seconds: float = 600,
    measure_seconds: float = 60,
    factor: float = 4,
    people: int = 300,
    growth: float = 0.15,
    prompt_seconds: float = 5,
    rate: float | None = None,
) -> OverloadReport:
    """Measure what ``stack`` (by default one of its own) can do, unless ``rate`` says it (analyses
    a second), then let ``factor`` times as many people come, for ``seconds``. ``growth``,
    ``prompt_seconds``: what the report allows."""
    async with _given_or_own(stack, say) as running:
        web = running.plan.endpoint(WEB)
        orders = Orders(web, seed, seconds, measure_seconds, factor, people, _CLIENTS, rate)
        async with watched(running, web) as seen:
            told = await _generate(orders, running.plan.environment, say)
    return OverloadReport(
        seed=seed,
        factor=factor,
        capacity_per_second=told["capacity"]["per_second"],
        result=told["done"],
        sightings=seen,
        growth=growth,
        prompt_seconds=prompt_seconds,
        max_queued=_max_queued(running.plan.environment),
    )


@asynccontextmanager
async def _given_or_own(stack: Stack | None, say: Say) -> AsyncIterator[Stack]:
    if stack:
        yield stack
        return
    say("starting a stack of its own")
    given = {name: value for name, value in os.environ.items() if name != "DUPI_PORT"}
    with tempfile.TemporaryDirectory(prefix="dupi-load-") as state:
        plan = plan_stack(given, state=Path(state), database="dupi_test_load")
        async with running_stack(Stack(plan)) as running:
            yield running


def _max_queued(environment: Mapping[str, str]) -> int:
    given = environment.get("DUPI_ANALYSES__MAX_QUEUED")
    return int(given) if given else AnalysesSettings().max_queued


async def _generate(
    orders: Orders, environment: Mapping[str, str], say: Say
) -> dict[str, dict[str, Any]]:
    """What the generator told, by kind."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load.generator", json.dumps(asdict(orders))),
        cwd=ROOT,
        env={**os.environ, **environment, "DUPI_LOGS__LEVEL": "WARNING"},
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
    )
    told: dict[str, dict[str, Any]] = {}
    try:
        async with asyncio.timeout(orders.seconds + orders.measure_seconds + _ENDS_WITHIN_SECONDS):
            async for line in process.stdout or ():  # type: ignore[union-attr]
                heard = json.loads(line)
                told[heard.pop("kind")] = heard
                say(_in_short(line.decode()))
            status = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0 or "done" not in told:
        raise RuntimeError(f"the load generator ended with {status}")
    return told


def _in_short(line: str, length: int = 200) -> str:
    text = line.strip()
    return text if len(text) <= length else f"{text[:length]} …"
