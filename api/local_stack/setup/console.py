"""Says what the set-up is doing and how long it took, without anything installed.

On a terminal, one live line at the bottom shows what is running; elsewhere each step prints a line
when it starts and one when it is done.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

_FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TICK_SECONDS: Final = 0.12
_CLEAR_LINE: Final = "\r\x1b[2K"


class SetupError(Exception):
    """One clear line: what is wrong and what to do about it."""


@dataclass
class Step:
    """A running step; ``detail`` may be set by whoever runs it."""

    title: str
    started: float = field(default_factory=time.monotonic)
    detail: str = ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Console:
    """Prints steps, which may run in several threads at once."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._lock = threading.Lock()
        self._running: list[Step] = []
        self._frame = 0

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show ``title`` while the body runs, then how long it took."""
        step = Step(title)
        self._begin(step)
        try:
            yield step
        except BaseException:
            self._end(step, "✗")
            raise
        self._end(step, "✓")

    def say(self, text: str) -> None:
        with self._lock:
            self._print(text)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Keep the bottom line moving while the body runs."""
        stop = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(stop,), daemon=True)
        if self._is_terminal:
            ticker.start()
        try:
            yield
        finally:
            stop.set()
            if self._is_terminal:
                ticker.join()
                sys.stdout.write(_CLEAR_LINE)
                sys.stdout.flush()

    def _begin(self, step: Step) -> None:
        with self._lock:
            self._running.append(step)
            if not self._is_terminal:
                self._print(f"  … {step.title}")

    def _end(self, step: Step, mark: str) -> None:
        with self._lock:
            self._running.remove(step)
            detail = f" · {step.detail}" if step.detail else ""
            self._print(f"  {mark} {step.title:<34} {step.seconds:6.1f} s{detail}")

    def _print(self, text: str) -> None:
        start = _CLEAR_LINE if self._is_terminal else ""
        sys.stdout.write(f"{start}{text}\n")
        sys.stdout.flush()

    def _tick(self, stop: threading.Event) -> None:
        while not stop.wait(_TICK_SECONDS):
            with self._lock:
                self._frame += 1
                frame = _FRAMES[self._frame % len(_FRAMES)]
                names = " · ".join(f"{step.title} {step.seconds:.0f} s" for step in self._running)
                sys.stdout.write(f"{_CLEAR_LINE}  {frame} {names}"[:150])
                sys.stdout.flush()
