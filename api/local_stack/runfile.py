"""Remembers that a stack is up, so that another command can find and stop it.

The file names the launcher by pid and start time, for a pid alone may have been given to another
process since; a lock that dies with the launcher keeps two stacks out of one state folder.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path


class AlreadyRunning(Exception):
    """Another stack has its state in this folder; one clear line."""


@dataclass(frozen=True)
class Running:
    """A launcher: its pid, the clock tick it started at, and where its parts listen."""

    pid: int
    start_ticks: int
    endpoints: Mapping[str, str]

    def is_alive(self) -> bool:
        return start_ticks(self.pid) == self.start_ticks


@contextmanager
def announced(state: Path, endpoints: Mapping[str, str]) -> Iterator[None]:
    """Hold ``state`` for this process while the body runs. Raises :class:`AlreadyRunning`."""
    folder = state / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_describe(state)) from None
        file = folder / "stack.json"
        running = Running(os.getpid(), start_ticks(os.getpid()) or 0, dict(endpoints))
        file.write_text(json.dumps(asdict(running), indent=2))
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def read_running(state: Path) -> Running | None:
    """The launcher that holds ``state`` and is alive, if there is one."""
    with suppress(OSError, ValueError, TypeError):
        running = Running(**json.loads((state / "run" / "stack.json").read_text()))
        return running if running.is_alive() else None
    return None


def start_ticks(pid: int) -> int | None:
    """When process ``pid`` started, in clock ticks since boot; ``None`` where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def _describe(state: Path) -> str:
    running = read_running(state)
    where = f" at {running.endpoints.get('web')} (pid {running.pid})" if running else ""
    return f"Dupi is running already{where}; stop it with: make down"
