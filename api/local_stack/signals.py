"""Turns Ctrl-C, SIGTERM and a closed terminal into the cancellation of the running task."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def cancelled_by_signals() -> Iterator[None]:
    """The first signal cancels the current task; later ones do not disturb the cleaning up."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    has_come = False

    def cancel() -> None:
        nonlocal has_come
        if task and not has_come:
            has_come = True
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, cancel)
    yield
