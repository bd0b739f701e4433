"""The processes that are killed, and how to tell that what they did is done again."""

import random
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from api.local_stack.paths import MODEL_REPOSITORY
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
    children = program.children(recursive=True)
    match target:
        case Target.STUB:
            return _at_work(child for child in children if _model_of(child))
        case Target.ENGINE:
            return [child for child in children if _ENGINE in _command(child)]
    return [program]


def _at_work(stubs: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The newest of each model, as many as it has instances: what Triton has left of one that was
    unloaded does nothing, and nothing will come back for it."""
    by_model: dict[str, list[psutil.Process]] = {}
    for stub in sorted(stubs, key=_born, reverse=True):
        by_model.setdefault(_model_of(stub), []).append(stub)
    return [stub for model, held in by_model.items() for stub in held[: _instances(model)]]


def _model_of(process: psutil.Process) -> str:
    """What a stub holds, by its command line: ``<stub> …/<model>/<version>/model.pt …``; else
    nothing."""
    with suppress(psutil.Error):
        command = process.cmdline()
        if len(command) > 1 and command[0].endswith(_STUB):
            return Path(command[1]).parts[-3]
    return ""


def _born(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(process.create_time())
    return 0.0


@cache
def _instances(model: str) -> int:
    """As configured; nothing of what has ended by now, and tells no name."""
    if not model:
        return 0
    text = (MODEL_REPOSITORY / model / "config.pbtxt").read_text(encoding="utf-8")
    config = text_format.Parse(text, model_config_pb2.ModelConfig())
    return sum(group.count for group in config.instance_group)


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _name(part: Part, process: psutil.Process, target: Target) -> str:
    return (_model_of(process) if target is Target.STUB else "") or part.plan.name


def _replacement(part: Part, process: psutil.Process, target: Target) -> Callable[[], bool]:
    kept = part.process
    if target is not Target.STUB:
        return lambda: part.process is not kept and is_up(part)
    model, found_at = _model_of(process), time.time()

    def newer() -> list[psutil.Process]:
        stubs = _processes(part, Target.STUB)
        return [stub for stub in stubs if _model_of(stub) == model and _born(stub) > found_at]

    return lambda: is_up(part) and len(newer()) >= _instances(model)


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
