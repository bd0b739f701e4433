"""Who stops ``tests.run`` stops its tests, wherever the signal comes from."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from api.local_stack.paths import ROOT
from tests.support.patience import HANGS_AFTER_S

_RUN = """
import sys
from pathlib import Path
from tests import run

folder = Path(sys.argv[1])
run._FOLDER = folder
run.RUNS = [run.Run(name, name, Path(sys.executable), "not stack") for name in ("one", "two")]
sys.exit(run.main([sys.argv[2]]))
"""

_TESTS = """
import os, time
from pathlib import Path
import pytest

@pytest.fixture
def something():
    mark = Path(__file__).parent / f"{os.getpid()}.begun"
    mark.touch()
    yield
    mark.rename(mark.with_suffix(".put-away"))

def test_that_takes_long(something):
    time.sleep(600)
"""


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + HANGS_AFTER_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    tests = folder / "test_long.py"
    tests.write_text(_TESTS)
    command = [sys.executable, "-c", _RUN, str(folder), str(tests)]
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_it_alone_ends_its_tests(tmp_path: Path, number: signal.Signals) -> None:
    """They put away what they began first."""
    run = _start(tmp_path)
    try:
        _wait_for(lambda: len(list(tmp_path.glob("*.begun"))) == 2)
        runs = [int(mark.stem) for mark in tmp_path.glob("*.begun")]
        os.kill(run.pid, number)
        assert run.wait(HANGS_AFTER_S) == 128 + signal.SIGINT
        assert not [pid for pid in runs if psutil.pid_exists(pid)]
        assert len(list(tmp_path.glob("*.put-away"))) == 2
        assert b"Stopped" in (tmp_path / "output").read_bytes()
    finally:
        _end_what_is_left(run, tmp_path)


def _end_what_is_left(run: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Of a run that failed to do it."""
    for pid in [run.pid, *(int(mark.stem) for mark in folder.glob("*.begun"))]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    run.wait()
