"""The whole stack, with Triton and vLLM, killed at once and started again; twice."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.faults.comeback import Launched, launched, lives, use, what_is_lost

_ANALYSES: Final = 3
_AT_WORK_SECONDS: Final = 4.0

Say = Callable[[str], None]


@dataclass
class ComebackReport:
    """Seconds until all was ready, before and after ``killed`` processes were killed at once."""

    seed: int
    first_start_seconds: float = 0.0
    killed: int = 0
    second_start_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def show(self, console: Console) -> None:
        table = Table("what", "value", title="make up after kill -9 of everything")
        for name, value in self.as_json().items():
            if name != "problems":
                table.add_row(name.replace("_", " "), f"{value:.0f}")
        table.add_row("problems", str(len(self.problems)))
        console.print(table)
        for problem in self.problems:
            console.print(problem, style="red", markup=False, soft_wrap=True)


async def run(seed: int, *, state: Path, say: Say) -> ComebackReport:
    """Kill everything while analyses are queued and at work, start again, look; then kill only
    those who would end the others, start again, and see that none of these lives on. There is a
    report in every case: what broke the run is a problem in it."""
    report = ComebackReport(seed)
    try:
        await _carry_out(report, state, say)
    except Exception as trouble:
        report.problems.append(f"the run broke off: {trouble!r}")
    return report


async def _carry_out(report: ComebackReport, state: Path, say: Say) -> None:
    dice = random.Random(report.seed)  # noqa: S311 to be repeatable
    async with launched(state) as stack:
        report.first_start_seconds = await _start(stack, say)
        before = await use(stack.url, analyses=_ANALYSES)
        await asyncio.sleep(dice.uniform(0, _AT_WORK_SECONDS))
        report.killed = stack.kill_everything()
        say(f"killed {report.killed} processes")
        report.second_start_seconds = await _start(stack, say)
        report.problems += await what_is_lost(before)
        say("what was accepted has ended; now the launcher and the keepers are killed")
        stack.kill_launcher_and_keepers()
        outlived = stack.processes()
        await _start(stack, say)
        report.problems += [f"{one.pid} outlived its stack" for one in outlived if lives(one)]
        await stack.stop()
        report.problems += await stack.left_behind()


async def _start(stack: Launched, say: Say) -> float:
    """Seconds until all is ready."""
    started = time.monotonic()
    stack.start()
    await stack.until_it_answers("/health/ready")
    say(f"ready after {(seconds := time.monotonic() - started):.0f} s")
    return seconds
