"""``python -m api.local_stack.up``: the whole stack, until Ctrl-C or ``make down``."""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.panel import Panel

from api.local_stack.paths import ROOT, UP_STATE
from api.local_stack.plan import WEB, StackPlan, plan_stack, without_credentials
from api.local_stack.ports import PortTaken, require_free
from api.local_stack.progress import start_with_progress
from api.local_stack.runfile import AlreadyRunning, announced
from api.local_stack.signals import cancelled_by_signals
from api.local_stack.stack import Stack, StackFailed

_DEFAULT_PORT: Final = 8000


def main(arguments: Sequence[str]) -> int:
    """Run the stack; the exit status."""
    state = chosen_state(arguments)
    console = Console(highlight=False)
    with _one_line_problems(console) as status:
        port = chosen_port(os.environ.get("DUPI_PORT", ""))
        require_free(port)
        plan = plan_stack(os.environ, state=state, web_port=port)
        endpoints = {part.name: without_credentials(part.endpoint) for part in plan.parts}
        with announced(state, endpoints):
            asyncio.run(_run(plan, console))
    return status[0]


def chosen_state(arguments: Sequence[str]) -> Path:
    """The folder that ``--state`` names: a stack that is up has one of its own."""
    parser = argparse.ArgumentParser(prog="python -m api.local_stack.up")
    parser.add_argument(
        "--state", type=Path, default=UP_STATE, help="folder of store, photos, logs and pids"
    )
    folder: Path = parser.parse_args(arguments).state
    return folder.absolute()


def chosen_port(text: str) -> int:
    """``DUPI_PORT``, or 8000. Raises :class:`PortTaken` where it is no port."""
    if not text:
        return _DEFAULT_PORT
    if not text.isdigit() or not 0 < int(text) < 65_536:
        raise PortTaken(f"DUPI_PORT must be a port from 1 to 65535, not {text!r}.")
    return int(text)


async def _run(plan: StackPlan, console: Console) -> None:
    stack = Stack(plan)
    try:
        with cancelled_by_signals():
            await start_with_progress(stack, console)
            console.print(_urls(plan))
            await stack.watch(console.print)
    except asyncio.CancelledError:
        console.print("\nStopping …")
    finally:
        await stack.stop()
        console.print("Everything is stopped.")


def _urls(plan: StackPlan) -> Panel:
    web = plan.endpoint(WEB)
    logs = plan.logs.relative_to(ROOT) if plan.logs.is_relative_to(ROOT) else plan.logs
    lines = (
        f"GraphQL    [bold cyan]{web}/graphql[/]   (HTTP and graphql-transport-ws)",
        f"GraphiQL   [bold cyan]{web}/graphql[/]   in a browser",
        f"health     {web}/health/ready",
        f"metrics    {web}/metrics",
        f"logs       {logs}/",
        "stop       Ctrl-C here, or make down",
    )
    return Panel("\n".join(lines), title="Dupi is up", border_style="green", expand=False)


@contextmanager
def _one_line_problems(console: Console) -> Iterator[list[int]]:
    status = [0]
    try:
        yield status
    except (PortTaken, AlreadyRunning, StackFailed) as problem:
        console.print(str(problem), style="red", markup=False, soft_wrap=True)
        status[0] = 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
