"""``python -m tests.soak``: the long runs of faults and load, on the real parts.

Each starts a stack of its own, writes what it came to into ``var/soak/<name>.json`` and prints it.
The exit status is 1 where anything did not hold.
"""

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from rich.console import Console

from api.local_stack.paths import VAR
from tests.faults import kills
from tests.load import overload
from tests.promotions import soak as promotions
from tests.soak import comeback, community

_FOLDER: Final = VAR / "soak"


class Report(Protocol):
    """What a run came to; it held where there are no problems."""

    @property
    def problems(self) -> list[str]: ...

    def as_json(self) -> dict[str, Any]: ...

    def show(self, console: Console) -> None: ...


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for, one after another; the exit status."""
    options = _parse(arguments)
    console = Console(highlight=False)
    problems = 0
    for name in options.only or _RUNS:
        problems += _run(name, options, console)
    console.print(f"{problems} problems" if problems else "everything held")
    return 1 if problems else 0


def _run(name: str, options: argparse.Namespace, console: Console) -> int:
    """How many problems one run found."""
    console.rule(f"{name}, seed {options.seed}")
    state = _FOLDER / f"{name}-state"
    shutil.rmtree(state, ignore_errors=True)
    say = _teller(console)
    report = _report_of(_RUNS[name](options, state, say))
    (_FOLDER / f"{name}.json").write_text(json.dumps(report.as_json(), indent=2, default=str))
    report.show(console)
    return len(report.problems)


@dataclass
class BrokenOff:
    """In place of a report, where a run did not come to one."""

    problems: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def show(self, console: Console) -> None:
        for problem in self.problems:
            console.print(problem, style="red", markup=False, soft_wrap=True)


def _report_of(run: Coroutine[Any, Any, Report]) -> Report:
    """In every case: hours of faults are not lost to the last of them."""
    try:
        return asyncio.run(run)
    except Exception as trouble:
        return BrokenOff([f"the run broke off: {trouble!r}"])


Say = Callable[[str], None]
_Run = Callable[[argparse.Namespace, Path, Say], Coroutine[Any, Any, Report]]


async def _kills(options: argparse.Namespace, state: Path, say: Say) -> Report:
    return await kills.run(options.seed, state=state, kills=options.kills, say=say)


async def _comeback(options: argparse.Namespace, state: Path, say: Say) -> Report:
    return await comeback.run(options.seed, state=state, say=say)


async def _overload(options: argparse.Namespace, _state: Path, say: Say) -> Report:
    return await overload.run(options.seed, seconds=options.minutes * 60, say=say)


async def _promotions(options: argparse.Namespace, state: Path, say: Say) -> Report:
    return await promotions.run(options.seed, state=state, say=say)


async def _community(options: argparse.Namespace, state: Path, say: Say) -> Report:
    return await community.run_long(options.seed, state=state, say=say)


_RUNS: Final[dict[str, _Run]] = {
    "kills": _kills,
    "comeback": _comeback,
    "overload": _overload,
    "promotions": _promotions,
    "community": _community,
}


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--only", choices=_RUNS, action="append", help="this run (repeatable)")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is random")
    parser.add_argument("--kills", type=int, default=200, help="how many processes are killed")
    parser.add_argument("--minutes", type=float, default=10, help="how long the overload lasts")
    return parser.parse_args(arguments)


def _teller(console: Console) -> Say:
    started = time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - started:7.0f} s  {text}", markup=False, soft_wrap=True)

    return say


if __name__ == "__main__":
    _FOLDER.mkdir(parents=True, exist_ok=True)
    sys.exit(main(sys.argv[1:]))
