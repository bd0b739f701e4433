"""``python -m tests.run [pytest arguments]``: every test, each in its environment, one summary.

Three runs, two at a time: tests marked ``ml`` need torch and run in the ml environment, beside
those of the serving environment that need no running stack; those on the stack begin when one of
the two is through. What they print is shown one after the other. Paths and other arguments go to
all three. Whoever stops this process stops them too: they put away first what they began.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.local_stack.paths import ML_PYTHON, ROOT, SERVING_PYTHON, VAR
from api.local_stack.signals import cancelled_by_signals
from tests.support.summary import NO_TESTS_COLLECTED, outcomes_in, status_of, summary

_FOLDER: Final = VAR / "test"
_AT_ONCE: Final = 2
_LOOK_EVERY_S: Final = 0.2
_PUT_AWAY_S: Final = 60.0
"""A stack that tests have started is stopped within."""
_STOPPED: Final = 128 + signal.SIGINT
_ENVIRONMENT: Final = {"PYTHONDONTWRITEBYTECODE": ""}
"""All runs and what they start read the same modules: compiled once, not by each."""
_THREADS: Final = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // _AT_ONCE))}
"""torch's threads spin while they wait for each other: more of them than cores that are free take
twice the time of all."""


@dataclass(frozen=True)
class Run:
    """Tests with these marks, of one environment."""

    name: str
    title: str
    python: Path
    marks: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def report(self) -> Path:
        """JUnit XML."""
        return _FOLDER / f"{self.name}.xml"

    @property
    def log(self) -> Path:
        return _FOLDER / f"{self.name}.log"

    @property
    def heading(self) -> str:
        return f"{self.title} (beside others; {os.path.relpath(self.log, ROOT)})"

    def clear(self) -> None:
        self.report.unlink(missing_ok=True)
        self.log.write_bytes(b"")

    async def carry_out(self, arguments: Sequence[str]) -> int:
        """pytest's exit status. It has a process group of its own, so that none but this process
        stops it, and all of the group."""
        colour = "yes" if sys.stdout.isatty() else "no"
        own = ("-qq", "-p", "no:cacheprovider", f"--color={colour}", "-m", self.marks)
        command = [str(self.python), "-m", "pytest", *own, f"--junitxml={self.report}", *arguments]
        environment = {**self.environment, **os.environ, **_ENVIRONMENT}
        with self.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
            try:
                return await process.wait()
            except asyncio.CancelledError:
                await _end(process)
                raise


async def _end(process: asyncio.subprocess.Process) -> None:
    """By the signal at which pytest ends its fixtures; what is left of its group is killed."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _PUT_AWAY_S)
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


RUNS: Final = (
    Run("parts", "Tests of the parts", SERVING_PYTHON, "not ml and not stack"),
    Run("ml", "Tests of the ml environment", ML_PYTHON, "ml", _THREADS),
    Run("stack", "Tests on the running stack", SERVING_PYTHON, "not ml and stack"),
)


def main(arguments: Sequence[str]) -> int:
    started = time.monotonic()
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for run in RUNS:
        run.clear()
    statuses = _until_stopped(arguments)
    outcomes = [found for run in RUNS for found in outcomes_in(run.report)]
    _write(f"\n{summary(outcomes, time.monotonic() - started)}\n".encode())
    return status_of(statuses)


def _until_stopped(arguments: Sequence[str]) -> list[int]:
    try:
        return asyncio.run(_carry_out_all(arguments))
    except asyncio.CancelledError:
        _write(b"\nStopped; what had been tested by then:\n")
        return [_STOPPED]


async def _carry_out_all(arguments: Sequence[str]) -> list[int]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(run: Run) -> int:
        async with places:
            return await run.carry_out(arguments)

    with cancelled_by_signals():
        async with asyncio.TaskGroup() as group:
            runs = [(run, group.create_task(in_turn(run))) for run in RUNS]
            return [await _show(run, task) for run, task in runs]


async def _show(run: Run, task: "asyncio.Task[int]") -> int:
    """What it prints, from its beginning until it ends; its exit status."""
    _write(f"\n{run.heading}\n".encode())
    with run.log.open("rb") as log:
        while True:
            has_ended = task.done()  # before reading: by then, all of it is there
            _write(log.read())
            if has_ended:
                break
            await asyncio.sleep(_LOOK_EVERY_S)
    status = task.result()
    if status not in (0, 1, NO_TESTS_COLLECTED):
        _write(f"\nThis run ended with {status}.\n".encode())
    return status


def _write(text: bytes) -> None:
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
