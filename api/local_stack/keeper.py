"""Keeps one program, and lets nothing of it outlive whoever asked for it.

``python -I -S keeper.py <grace seconds> <program> [arguments…]``, standard input a pipe whose
other end the launcher holds. When that pipe closes, because the launcher wants the program to stop
or because the launcher died in whatever manner, or on SIGTERM, the program is told to end, is
killed after the grace, and so is every descendant that lingers after it. Where the keeper itself
is killed, the kernel kills the program.

Run by path, with the standard library alone, so that it starts at once and weighs little.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.05
_LINGER_SECONDS = 2.0

_prctl = ctypes.CDLL(None, use_errno=True).prctl


class _StopAsked(Exception):
    pass


def main(grace_seconds: float, command: list[str]) -> int:
    """Run ``command`` until it ends or must end; its exit status (or 128 + signal)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # orphaned descendants become ours, whatever their session
    signal.signal(signal.SIGTERM, _ask_to_stop)
    program = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_keeper,  # noqa: PLW1509 there is one thread
    )
    with suppress(_StopAsked):
        _wait_for_end(program)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _stop(program, grace_seconds)
    code = program.returncode
    return code if code >= 0 else 128 - code


def _ask_to_stop(_signal: int, _frame: object) -> None:
    raise _StopAsked


def _die_with_keeper() -> None:
    """In the child, before the program starts."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # the keeper went before the line above
        os._exit(1)


def _wait_for_end(program: "subprocess.Popen[bytes]") -> None:
    """Return once the program ended or the launcher's pipe closed."""
    process = os.pidfd_open(program.pid)
    try:
        while True:
            readable, _, _ = select.select([process, sys.stdin.fileno()], [], [])
            if process in readable or not os.read(sys.stdin.fileno(), 1):
                return
    finally:
        os.close(process)


def _stop(program: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    if program.poll() is None:
        program.terminate()
        with suppress(subprocess.TimeoutExpired):
            program.wait(grace_seconds)
        program.kill()
        program.wait()
    _end_descendants(min(grace_seconds, _LINGER_SECONDS))


def _end_descendants(linger_seconds: float) -> None:
    """What the program left behind may still put its things away, then it is killed."""
    kill_from = time.monotonic() + linger_seconds
    while left := list(descendants(os.getpid())):
        for pid in left if time.monotonic() >= kill_from else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _reap()
        time.sleep(_POLL_SECONDS)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def descendants(root: int) -> Iterator[int]:
    """Every process below process ``root``."""
    children: dict[int, list[int]] = {}
    for pid, parent in processes():
        children.setdefault(parent, []).append(pid)
    waiting = [root]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting.extend(found)


def processes() -> Iterator[tuple[int, int]]:
    """(pid, parent's pid) of every process."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                with open(f"/proc/{entry.name}/stat", "rb") as stat:  # noqa: PTH123
                    after_name = stat.read().rpartition(b")")[2].split()
                yield int(entry.name), int(after_name[1])


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
