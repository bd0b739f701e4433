"""``python -m api.local_stack.demo [--photo PATH] [--site SITE]``: the stack comes up on free
ports, one person goes through it, and all of it stops again.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console
from rich.rule import Rule

from api.local_stack.demo.client import Refused
from api.local_stack.demo.journey import Journey, Shot, travel
from api.local_stack.demo.photos import NoPhoto, demo_shots, own_shot
from api.local_stack.demo.pictures import fetch_photos, write_overlays
from api.local_stack.demo.poster import draw_poster
from api.local_stack.demo.report import Report
from api.local_stack.paths import DEMO, DEMO_STATE, ROOT
from api.local_stack.plan import WEB, StackPlan, plan_stack
from api.local_stack.progress import start_with_progress
from api.local_stack.runfile import AlreadyRunning, announced
from api.local_stack.signals import cancelled_by_signals
from api.local_stack.stack import Stack, StackFailed
from dupi.advice.replies import SECTION_TITLES

_INTERRUPTED: Final = 130
_PRINTED_WIDTH: Final = 120


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; the exit status."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PRINTED_WIDTH
    chosen = _parse(arguments)
    try:
        shots = [own_shot(chosen.photo, chosen.site)] if chosen.photo else demo_shots()
        with announced(DEMO_STATE, {}):
            _forget_last_time()
            plan = plan_stack(_given(), state=DEMO_STATE, database="dupi_demo")
            return asyncio.run(_run(plan, shots, console))
    except (NoPhoto, AlreadyRunning, StackFailed, Refused, DemoFailed) as problem:
        console.print(str(problem), style="red", markup=False, soft_wrap=True)
        return 1


class DemoFailed(Exception):
    """The journey came to another end than the one that the demo shows."""


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="One person's journey on the real components.")
    parser.add_argument("--photo", default="", help="your own photo of a scalp")
    parser.add_argument("--site", default="CROWN", help="what it shows: CROWN LEFT RIGHT BACK")
    return parser.parse_args(arguments)


def _given() -> dict[str, str]:
    """The environment without a port: the demo takes a free one, beside a stack that is up."""
    return {name: value for name, value in os.environ.items() if name != "DUPI_PORT"}


def _forget_last_time() -> None:
    for name in ("store", "photos", "logs"):
        shutil.rmtree(DEMO_STATE / name, ignore_errors=True)
    shutil.rmtree(DEMO / "overlays", ignore_errors=True)
    for name in ("result.json", "result.png"):
        (DEMO / name).unlink(missing_ok=True)
    (DEMO / "overlays").mkdir(parents=True)


async def _run(plan: StackPlan, shots: Sequence[Shot], console: Console) -> int:
    stack = Stack(plan)
    started = time.monotonic()
    try:
        with cancelled_by_signals():
            console.print(Rule("Starting the store, Triton, vLLM and the API", align="left"))
            await start_with_progress(stack, console)
            start_seconds = time.monotonic() - started
            async with _watched(stack, console):
                await _show(plan, shots, console, start_seconds)
    except asyncio.CancelledError:
        console.print("\nInterrupted; stopping …")
        return _INTERRUPTED
    finally:
        await stack.stop()
        console.print("[dim]Every process of the demo is stopped.[/]")
    return 0


@asynccontextmanager
async def _watched(stack: Stack, console: Console) -> AsyncIterator[None]:
    watching = asyncio.create_task(stack.watch(console.print))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _show(
    plan: StackPlan, shots: Sequence[Shot], console: Console, start_seconds: float
) -> None:
    console.print(Rule("One person's journey through the API", align="left"))
    report = Report(console, {kind.value: title for kind, title in SECTION_TITLES.items()})
    journey = await travel(plan.endpoint(WEB), shots, report)
    journey.seconds["start"] = round(start_seconds, 3)
    report.closing(journey.analysis)
    _write_result(journey)
    _require_completed(journey)
    photos = await fetch_photos(journey.client, journey.analysis)
    overlays = await write_overlays(journey.client, journey.analysis, photos, DEMO / "overlays")
    draw_poster(photos, overlays).save(DEMO / "result.png")
    for what in ("result.json", "result.png", "overlays/"):
        console.print(f"  → {DEMO.relative_to(ROOT)}/{what}")
    console.print()


def _require_completed(journey: Journey) -> None:
    if journey.analysis["status"] != "COMPLETED":
        raise DemoFailed(f"The analysis did not complete: {journey.analysis['failure']}")


def _write_result(journey: Journey) -> None:
    result = {
        "analysis": journey.analysis,
        "events": journey.events,
        "seconds": journey.seconds,
    }
    text = json.dumps(result, ensure_ascii=False, indent=2)
    (DEMO / "result.json").write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
