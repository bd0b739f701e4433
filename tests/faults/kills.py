"""Kills on a whole stack of its own: two webs, two workers, Redis, the store, Triton, vLLM."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from api.local_stack.plan import WEB, PartPlan, StackPlan, StackShape, plan_stack
from api.local_stack.stack import Stack, running_stack
from tests.faults.comeback import MARK
from tests.faults.report import KillReport
from tests.faults.trial import Trial
from tests.faults.victims import Target, processes_of

SHARES: Final[Mapping[Target, float]] = {
    Target.WEB: 0.27,
    Target.WORKER: 0.26,
    Target.STORE: 0.13,
    Target.REDIS: 0.10,
    Target.STUB: 0.14,
    Target.TRITON: 0.05,
    Target.ADVISOR: 0.025,
    Target.ENGINE: 0.025,
}
"""Triton and vLLM take a minute to come back: few of them, but each at every stage."""
_SHAPE: Final = StackShape(webs=2, workers=2, has_redis=True)
_PEOPLE: Final = 6
_PAUSE_SECONDS: Final = 2.5
_CHANGES: Final[Mapping[str, str]] = {
    "DUPI_ANALYSES__LEASE_SECONDS": "8",
    "DUPI_ACCOUNTS__ACCESS_TOKEN_SECONDS": "86400",
    "DUPI_ACCOUNTS__SIGN_UPS_PER_ADDRESS": "100000",
}
"""Shorter leases make more takeovers; sign-ups all come from one address."""


def mix_of(kills: int) -> dict[Target, int]:
    """So many kills by their shares; at least ``kills`` of them, for none is left out."""
    mix = {target: max(1, round(share * kills)) for target, share in SHARES.items()}
    mix[Target.WEB] += max(0, kills - sum(mix.values()))
    return mix


async def run(
    seed: int,
    *,
    state: Path,
    kills: int = 200,
    say: Callable[[str], None],
) -> KillReport:
    """Start a stack in ``state``, kill, check, stop it, and see that nothing of it is left.
    There is a report in every case: what broke the run is a problem in it."""
    mark = secrets.token_hex(8)
    plan = _marked(_planned(state), mark)
    say("starting the store, Redis, Triton, vLLM, two webs and two workers")
    report = KillReport(seed)
    try:
        async with running_stack(Stack(plan)) as stack:
            trial = Trial(stack, webs=_webs(plan), folder=state / "photos", seed=seed, say=say)
            report = trial.report
            await trial.run(mix_of(kills), people=_PEOPLE, pause_seconds=_PAUSE_SECONDS)
    except Exception as trouble:
        report.problems.append(f"the stack did not start or stop: {trouble!r}")
    report.problems += _left_behind(plan, mark)
    return report


def _planned(state: Path) -> StackPlan:
    given = {name: value for name, value in os.environ.items() if name != "DUPI_PORT"}
    return plan_stack({**given, **_CHANGES}, state=state, database="dupi_test", shape=_SHAPE)


def _webs(plan: StackPlan) -> tuple[str, ...]:
    return tuple(part.endpoint for part in plan.parts if part.name.startswith(WEB))


def _marked(plan: StackPlan, mark: str) -> StackPlan:
    """The same, every process of which has ``mark`` in its environment."""
    return replace(plan, parts=tuple(_marked_part(part, mark) for part in plan.parts))


def _marked_part(part: PartPlan, mark: str) -> PartPlan:
    if part.launch is None:
        return part
    environment = {**part.launch.environment, MARK: mark}
    return replace(part, launch=replace(part.launch, environment=environment))


def _left_behind(plan: StackPlan, mark: str) -> list[str]:
    problems = [
        f"a process was left running: {process.pid} {process.name()}"
        for process in processes_of(plan.state, MARK, mark)
    ]
    patterns = [part.launch.leftovers for part in plan.parts if part.launch]
    for pattern in filter(None, patterns):
        problems += [f"{path} was left" for path in pattern.parent.glob(pattern.name)]
    return problems
