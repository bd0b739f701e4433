"""Resident memory and processor time of every part of a stack, with all that it has started."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil

from tests.bench.figures import Figure, Row, Table

if TYPE_CHECKING:
    from api.local_stack.stack import Part, Stack
    from tests.bench.rig import Rig

_MIB: Final = 1024 * 1024
_STUB: Final = "triton_python_backend_stub"


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB. ``rss`` counts what processes share once for each of them; ``pss`` shares it out;
    ``uss`` is what would be free if they ended."""

    processes: int
    rss: float
    pss: float
    uss: float


def held_memory(stack: "Stack") -> dict[str, Memory]:
    """By part; Triton's models apart from its server."""
    return {name: _memory(processes) for name, processes in _by_name(stack).items()}


def processor_seconds(stack: "Stack") -> dict[str, float]:
    """Of the whole life of each part that runs here, by the same names."""
    return {
        name: sum(_processor_seconds(process) for process in processes)
        for name, processes in _by_name(stack).items()
    }


async def measure(rig: "Rig") -> list[Table]:
    """At rest (when all had just started), and now, after the sections before this one."""
    now = held_memory(rig.stack)
    rows = [_row(name, rig.at_rest.get(name), memory) for name, memory in now.items()]
    notes = (
        "MiB. RSS counts memory that processes share once for each; PSS shares it out, so its sum",
        "is what the machine holds. At rest: all had just started; then: after all measured above.",
    )
    rows.append(_row("all", _sum(rig.at_rest), _sum(now)))
    return [Table("Memory by process", rows, notes)]


def _by_name(stack: "Stack") -> dict[str, list[psutil.Process]]:
    found: dict[str, list[psutil.Process]] = {}
    for part in stack.parts.values():
        for process in _processes(part):
            found.setdefault(_name(part, process), []).append(process)
    return found


def _processes(part: "Part") -> list[psutil.Process]:
    """What runs below the part's keeper, which is no part of it."""
    if part.process is None:
        return []
    return psutil.Process(part.process.keeper_pid).children(recursive=True)


def _name(part: "Part", process: psutil.Process) -> str:
    try:
        is_stub = _STUB in process.name() or any(_STUB in word for word in process.cmdline()[:1])
    except psutil.NoSuchProcess:
        is_stub = False
    return f"{part.plan.name}: models" if is_stub else part.plan.name


def _memory(processes: list[psutil.Process]) -> Memory:
    sizes = [found for process in processes if (found := _sizes(process))]
    rss, pss, uss = (
        (sum(column) / _MIB for column in zip(*sizes, strict=True)) if sizes else (0,) * 3
    )
    return Memory(len(sizes), rss, pss, uss)


def _sizes(process: psutil.Process) -> tuple[int, int, int] | None:
    try:
        full = process.memory_full_info()
    except psutil.NoSuchProcess:
        return None
    return full.rss, full.pss, full.uss


def _processor_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _sum(memories: Mapping[str, Memory]) -> Memory:
    def total(size: Callable[[Memory], float]) -> float:
        return sum(map(size, memories.values()))

    processes = sum(memory.processes for memory in memories.values())
    return Memory(processes, total(lambda m: m.rss), total(lambda m: m.pss), total(lambda m: m.uss))


def _row(name: str, at_rest: Memory | None, now: Memory) -> Row:
    return Row(name, dict(_columns(at_rest, now)))


def _columns(at_rest: Memory | None, now: Memory) -> Iterator[tuple[str, Figure]]:
    yield "processes", Figure.of([now.processes])
    if at_rest:
        yield "RSS at rest", Figure.of([at_rest.rss])
        yield "PSS at rest", Figure.of([at_rest.pss])
    yield "RSS then", Figure.of([now.rss])
    yield "PSS then", Figure.of([now.pss])
    yield "USS then", Figure.of([now.uss])
