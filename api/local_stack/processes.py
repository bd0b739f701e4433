"""One program of the stack: started behind a keeper, its output in a log, stopped for sure."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from api.local_stack import keeper
from api.local_stack.paths import ROOT

_KEEPER: Final = Path(keeper.__file__)
_KILL_AFTER_SECONDS: Final = 10.0
"""Longest wait for a keeper that has used up its program's grace, and for what was killed."""
_POLL_SECONDS: Final = 0.05


class KeptProcess:
    """A running program. What it starts ends with it, and all of it ends with this process."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path, grace: float):
        self.name = name
        self.log = log
        self._keeper = process
        self._grace = grace

    @classmethod
    def start(
        cls,
        name: str,
        command: tuple[str, ...],
        *,
        environment: Mapping[str, str],
        log: Path,
        grace_seconds: float = 10.0,
    ) -> "KeptProcess":
        """Start ``command`` in the project's root with exactly ``environment``."""
        log.parent.mkdir(parents=True, exist_ok=True)
        keep = [sys.executable, "-I", "-S", str(_KEEPER), str(grace_seconds), *command]
        with log.open("ab") as output:
            process = _start_keeper(keep, environment, output)
        return cls(name, process, log, grace_seconds)

    @property
    def exit_status(self) -> int | None:
        """``None`` while it runs."""
        return self._keeper.poll()

    @property
    def keeper_pid(self) -> int:
        return self._keeper.pid

    def program_pids(self) -> list[int]:
        """The program itself, below its keeper; nothing where it has ended."""
        return [pid for pid, parent in keeper.processes() if parent == self._keeper.pid]

    async def wait(self, seconds: float) -> int | None:
        """Its exit status, or ``None`` where it still runs after ``seconds``."""
        with suppress(subprocess.TimeoutExpired):
            return await asyncio.to_thread(self._keeper.wait, seconds)
        return None

    async def stop(self) -> None:
        """Let it end, kill it after its grace; returns once nothing of it runs."""
        self._let_go()
        if await self.wait(self._grace + _KILL_AFTER_SECONDS) is None:
            self._keeper.kill()
            await asyncio.to_thread(self._keeper.wait)

    def _let_go(self) -> None:
        if self._keeper.stdin:
            with suppress(BrokenPipeError):
                self._keeper.stdin.close()

    def log_tail(self, lines: int = 12) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


async def end_orphans(logs: Collection[Path]) -> None:
    """End what writes into one of ``logs`` though nobody keeps it, and wait until it is gone.

    Where launcher and keepers are killed, the kernel ends the programs, but what these had started
    lives on: vLLM's engine does, with all its memory.
    """
    end = time.monotonic() + _KILL_AFTER_SECONDS
    while (orphans := _writers(logs)) and time.monotonic() < end:
        for pid in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(_POLL_SECONDS)


def _writers(logs: Collection[Path]) -> list[int]:
    return [pid for pid, _ in keeper.processes() if _writes_into(pid, logs)]


def _writes_into(pid: int, logs: Collection[Path]) -> bool:
    for stream in (1, 2):
        with suppress(OSError):
            if Path(f"/proc/{pid}/fd/{stream}").readlink() in logs:
                return True
    return False


def _start_keeper(
    keep: list[str], environment: Mapping[str, str], output: IO[bytes]
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        keep,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
