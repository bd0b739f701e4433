"""One stack a state folder, found again by pid and start time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.local_stack.down import stop_running
from api.local_stack.runfile import AlreadyRunning, announced, read_running, start_ticks

_HOLDER = """
import sys, time
from pathlib import Path
from api.local_stack.runfile import announced
with announced(Path(sys.argv[1]), {"web": "http://127.0.0.1:1"}):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_what_is_announced_is_found_and_forgotten_at_the_end(tmp_path: Path) -> None:
    with announced(tmp_path, {"web": "http://127.0.0.1:8000"}):
        running = read_running(tmp_path)
        assert running
        assert running.pid == os.getpid()
        assert running.endpoints == {"web": "http://127.0.0.1:8000"}
    assert read_running(tmp_path) is None


def test_a_second_stack_is_refused_with_one_line(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(AlreadyRunning, match="make down") as refused, announced(tmp_path, {}):
        pass
    assert "\n" not in str(refused.value)
    assert stop_running(tmp_path) == "Everything is stopped."
    assert holder.wait(10) != 0


def test_down_never_signals_a_pid_that_was_given_to_another(tmp_path: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (tmp_path / "run").mkdir()
    stale = {"pid": bystander.pid, "start_ticks": 1, "endpoints": {}}
    (tmp_path / "run" / "stack.json").write_text(json.dumps(stale))
    assert stop_running(tmp_path) == "Nothing is running."
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_killed_launcher_leaves_its_folder_free(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    holder.kill()
    holder.wait()
    assert read_running(tmp_path) is None
    with announced(tmp_path, {}):
        assert read_running(tmp_path)


def test_start_ticks_tell_processes_apart() -> None:
    first = start_ticks(os.getpid())
    time.sleep(0.05)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    assert first is not None
    assert start_ticks(child.pid) != first
    child.kill()
    child.wait()
    assert start_ticks(child.pid) is None
