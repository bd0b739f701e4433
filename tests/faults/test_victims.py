"""Of Triton's processes, those are killed that do the work."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.faults import victims


class Stubs:
    """Programs that look like Triton's stubs, and do nothing."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._program = folder / "triton_python_backend_stub"
        self._program.symlink_to(sys.executable)

    def start(self, model: str) -> psutil.Process:
        held = self._folder / model / "1" / "model.pt"
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_text("import time; time.sleep(600)")
        process = self._stack.enter_context(subprocess.Popen([self._program, held]))
        self._stack.callback(process.kill)
        time.sleep(0.05)  # births are told in hundredths of a second
        return psutil.Process(process.pid)


@pytest.fixture
def stubs(tmp_path: Path) -> Iterator[Stubs]:
    with ExitStack() as stack:
        yield Stubs(tmp_path, stack)


def test_the_newest_of_each_model_are_at_work(stubs: Stubs) -> None:
    """The trunk has two instances, a head one; older ones are what is left of unloaded models."""
    for model in ("scalp_trunk", "severity_dandruff"):
        stubs.start(model)
    work = [stubs.start(m) for m in ("scalp_trunk", "severity_dandruff", "scalp_trunk")]
    found = victims._inside(psutil.Process(), victims.Target.STUB)
    assert {process.pid for process in found} == {process.pid for process in work}
    assert {victims._model_of(process) for process in found} == {"scalp_trunk", "severity_dandruff"}
