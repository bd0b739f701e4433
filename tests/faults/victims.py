"""The processes that are killed, and how to tell that what they did is done again."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil

from api.local_stack.plan import ADVISOR, REDIS, STORE, TRITON, WEB, WORKER
from api.local_stack.stack import Part, PartState, Stack

_STUB: Final = "triton_python_backend_stub"
_ENGINE: Final = "EngineCore"


class Target(StrEnum):
    WEB = "web"
    WORKER = "worker"
    TRITON = "Triton"
    STUB = "a stub of Triton's"
    ADVISOR = "vLLM"
    ENGINE = "vLLM's engine"
    STORE = "store"
    REDIS = "Redis"


_PARTS: Final = {
    Target.WEB: WEB,
    Target.WORKER: WORKER,
    Target.TRITON: TRITON,
    Target.STUB: TRITON,
    Target.ADVISOR: ADVISOR,
    Target.ENGINE: ADVISOR,
    Target.STORE: STORE,
    Target.REDIS: REDIS,
}


@dataclass(frozen=True)
class Victim:
    """A process as it lives now. ``is_replaced``: whether another does its work."""

    name: str
    process: psutil.Process
    is_replaced: Callable[[], bool]

    def kill(self) -> bool:
        """As a crash ends it: at once. Whether there was anything to kill; whoever has its number
        by now is left alone."""
        return kill_process(self.process)


def kill_process(process: psutil.Process) -> bool:
    """kill -9; whether it lived until then."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def find_victim(stack: Stack, target: Target, dice: random.Random) -> Victim | None:
    """One of the processes of ``target``; ``None`` where none of them is up."""
    parts = [part for part in _parts(stack, target) if is_up(part)]
    if not parts:
        return None
    part = dice.choice(parts)
    found = list(_processes(part, target))
    if not found:
        return None
    process = dice.choice(found)
    return Victim(_name(part, process, target), process, _replacement(part, process, target))


def part_of(target: Target) -> str:
    """The part of the stack that a kill of ``target`` disturbs."""
    return _PARTS[target]


def is_up(part: Part) -> bool:
    """Whether it does its work. A web serves while it waits for Triton, not ready as it is."""
    process = part.process
    if process is None or process.exit_status is not None:
        return False
    return part.state is PartState.UP or (part.plan.name.startswith(WEB) and _listens(part))


def _listens(part: Part) -> bool:
    address = urlsplit(part.plan.endpoint)
    with suppress(OSError), socket.create_connection((address.hostname, address.port), timeout=1):
        return True
    return False


def _parts(stack: Stack, target: Target) -> Iterator[Part]:
    name = _PARTS[target]
    return (
        part
        for part in stack.parts.values()
        if part.plan.name == name or part.plan.name.startswith(f"{name}-")
    )


def _processes(part: Part, target: Target) -> Iterator[psutil.Process]:
    for pid in part.process.program_pids() if part.process else ():
        with suppress(psutil.NoSuchProcess):
            program = psutil.Process(pid)
            yield from _inside(program, target)


def _inside(program: psutil.Process, target: Target) -> list[psutil.Process]:
    mark = {Target.STUB: _STUB, Target.ENGINE: _ENGINE}.get(target)
    if mark is None:
        return [program]
    return [child for child in program.children(recursive=True) if mark in _command(child)]


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _name(part: Part, process: psutil.Process, target: Target) -> str:
    """A stub's command line names the model that it holds."""
    models = [word for word in _command(process).split("/") if word.startswith(("scalp", "sever"))]
    return models[0] if target is Target.STUB and models else part.plan.name


def _replacement(part: Part, process: psutil.Process, target: Target) -> Callable[[], bool]:
    kept = part.process
    if target is Target.STUB:
        count = len(list(_processes(part, Target.STUB)))
        return lambda: is_up(part) and len(list(_processes(part, Target.STUB))) >= count
    return lambda: part.process is not kept and is_up(part)


def processes_of(state: Path, variable: str, value: str) -> list[psutil.Process]:
    """Every process of a stack: with this in its environment, or writing into the stack's logs,
    for some overwrite their environment with a title (vLLM's engine)."""
    return [
        process
        for process in psutil.process_iter()
        if _environment(process).get(variable) == value or _logs_into(process, state / "logs")
    ]


def _logs_into(process: psutil.Process, logs: Path) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process.pid}/fd/1").readlink().is_relative_to(logs)
    return False


def _environment(process: psutil.Process) -> dict[str, str]:
    with suppress(psutil.Error, OSError):
        return dict(process.environ())
    return {}
