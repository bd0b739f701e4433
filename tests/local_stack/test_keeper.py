"""Nothing of a program outlives whoever asked for it, however that one ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api.local_stack.keeper import processes
from api.local_stack.processes import KeptProcess

_LIMIT_SECONDS = 20.0

# A program with a child in a session of its own, and a grandchild that ignores SIGTERM.
_FAMILY = """
import os, signal, subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', %r, %r]).wait()"
marker = sys.argv[1]
subprocess.Popen([sys.executable, "-c", child % (stubborn, marker), marker], start_new_session=True)
print("started", flush=True)
time.sleep(600)
"""

_LAUNCHER = """
import os, sys, time
from pathlib import Path
from api.local_stack.processes import KeptProcess
KeptProcess.start(
    "family", (sys.executable, "-c", sys.argv[1], sys.argv[2]),
    environment=dict(os.environ), log=Path(sys.argv[3]), grace_seconds=0.5,
)
time.sleep(600)
"""


def _alive(marker: str) -> list[int]:
    """Processes with ``marker`` on their command line."""
    found = []
    for pid, _ in processes():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if marker.encode() in command and pid != os.getpid():
            found.append(pid)
    return found


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def marker(tmp_path: Path) -> str:
    return f"dupi-family-{tmp_path.name}-{os.getpid()}"


def _start_family(marker: str, log: Path) -> KeptProcess:
    return KeptProcess.start(
        "family",
        (sys.executable, "-c", _FAMILY, marker),
        environment=dict(os.environ),
        log=log,
        grace_seconds=0.5,
    )


async def test_stopping_ends_the_whole_family(marker: str, tmp_path: Path) -> None:
    family = _start_family(marker, tmp_path / "log")
    _wait_for(lambda: len(_alive(marker)) >= 4)  # keeper, program, child, grandchild
    await family.stop()
    assert not _alive(marker)
    assert family.exit_status == 128 + signal.SIGTERM
    assert "started" in family.log_tail()


def test_a_killed_launcher_leaves_nothing(marker: str, tmp_path: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", _LAUNCHER, _FAMILY, marker, str(tmp_path / "log")]
    )
    _wait_for(lambda: len(_alive(marker)) >= 5)
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    _wait_for(lambda: not _alive(marker))


async def test_a_killed_keeper_takes_its_program_along(tmp_path: Path) -> None:
    marker = f"dupi-single-{os.getpid()}"
    single = KeptProcess.start(
        "single",
        (sys.executable, "-c", "import time; time.sleep(600)", marker),
        environment=dict(os.environ),
        log=tmp_path / "log",
    )
    _wait_for(lambda: len(_alive(marker)) == 2)
    os.kill(single.keeper_pid, signal.SIGKILL)
    _wait_for(lambda: not _alive(marker))
    await single.stop()


async def test_a_program_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    short = KeptProcess.start(
        "short",
        (sys.executable, "-c", "print('bye'); raise SystemExit(7)"),
        environment=dict(os.environ),
        log=tmp_path / "log",
    )
    assert await short.wait(_LIMIT_SECONDS) == 7
    await short.stop()
    assert short.log_tail() == "bye"
