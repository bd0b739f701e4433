"""Shows the stack coming up: one bar a part on a terminal, one line a part elsewhere."""

import asyncio
from contextlib import suppress
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from api.local_stack.plan import without_credentials
from api.local_stack.stack import Part, PartState, Stack

_REFRESH_SECONDS: Final = 0.2
_ALMOST: Final = 0.96
_MARKS: Final = {
    PartState.WAITING: "[dim]waits[/]",
    PartState.STARTING: "[yellow]starting[/]",
    PartState.UP: "[green]up[/]",
    PartState.STOPPED: "[dim]stopped[/]",
    PartState.FAILED: "[red]failed[/]",
}


async def start_with_progress(stack: Stack, console: Console) -> None:
    """Start ``stack`` and show how it goes. Raises StackFailed."""
    starting = asyncio.create_task(stack.start())
    try:
        show = _draw if console.is_terminal else _list
        await show(stack, console, starting)
        await starting
    except asyncio.CancelledError:
        starting.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await starting
        raise


async def _draw(stack: Stack, console: Console, starting: "asyncio.Task[None]") -> None:
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[seconds]:>4.0f} s"),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as progress:
        bars = {
            name: progress.add_task(part.plan.title, total=1.0, seconds=0.0, note="")
            for name, part in stack.parts.items()
        }
        while not starting.done():
            _update(progress, bars, stack)
            await asyncio.sleep(_REFRESH_SECONDS)
        _update(progress, bars, stack)


def _update(progress: Progress, bars: dict[str, TaskID], stack: Stack) -> None:
    for name, bar in bars.items():
        part = stack.parts[name]
        progress.update(bar, completed=_share(part), seconds=part.seconds, note=_note(part))


def _share(part: Part) -> float:
    """How far it has come: what it says, else its time so far against what is usual."""
    if part.state is PartState.UP:
        return 1.0
    if part.health.share is not None:
        return part.health.share
    return min(part.seconds / part.plan.usual_seconds, _ALMOST)


def _note(part: Part) -> str:
    if part.state is PartState.UP:
        given = "" if part.plan.launch else " (given)"
        return f"[dim]{without_credentials(part.plan.endpoint)}{given}[/]"
    if part.state is PartState.STARTING and part.health.detail:
        return f"[dim]{part.health.detail}[/]"
    return _MARKS[part.state]


async def _list(stack: Stack, console: Console, starting: "asyncio.Task[None]") -> None:
    shown: dict[str, PartState] = {}
    while True:
        is_over = starting.done()
        for name, part in stack.parts.items():
            if part.state is not shown.get(name) and part.state is not PartState.WAITING:
                shown[name] = part.state
                took = f" after {part.seconds:.0f} s" if part.state is PartState.UP else ""
                console.print(f"  {part.plan.title}: {part.state.value}{took}", highlight=False)
        if is_over:
            return
        await asyncio.sleep(_REFRESH_SECONDS)
