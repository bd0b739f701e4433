"""``python -m api.local_stack.down``: stop the stack that ``make up`` started."""

import argparse
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from api.local_stack.paths import UP_STATE
from api.local_stack.runfile import Running, read_running

_WAIT_SECONDS: Final = 75.0
_KILLED_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.2


def stop_running(state: Path, *, wait_seconds: float = _WAIT_SECONDS) -> str:
    """Stop the stack whose state lies in ``state``; what happened, as one line."""
    running = read_running(state)
    if running is None:
        return "Nothing is running."
    _signal(running, signal.SIGTERM)
    if _has_ended(running, wait_seconds):
        return "Everything is stopped."
    _signal(running, signal.SIGKILL)  # its keepers see that it is gone and end all parts
    _has_ended(running, _KILLED_SECONDS)
    return "The launcher did not answer and was killed; its parts end by themselves."


def _signal(running: Running, number: signal.Signals) -> None:
    """Signal the launcher itself, never a process that got its pid afterwards."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(running.pid)
        try:
            if running.is_alive():
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def _has_ended(running: Running, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while running.is_alive() and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
    return not running.is_alive()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m api.local_stack.down")
    parser.add_argument("--state", type=Path, default=UP_STATE, help="the folder that up was given")
    sys.stdout.write(stop_running(parser.parse_args().state.absolute()) + "\n")
