"""``python -m tests.run [pytest arguments]``: every test, each in its environment, one summary.

Tests marked ``ml`` need torch and run in the ml environment, beside those of the serving
environment that need no running stack. Those on the stack follow, alone with it; their run counts
the results of the others into its own summary. Paths and other arguments go to all three.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from api.local_stack.paths import ML_PYTHON, ROOT, SERVING_PYTHON, VAR

_NO_TESTS_COLLECTED: Final = 5
_FOLDER: Final = VAR / "test"
_COMMON: Final = ("-m", "pytest", "-p", "no:cacheprovider")
_ENVIRONMENT: Final = {"PYTHONDONTWRITEBYTECODE": ""}
"""All runs and what they start read the same modules: compiled once, not by each."""


@dataclass(frozen=True)
class Run:
    """Tests of one environment. What they print is shown at once or, of ``log``, afterwards."""

    title: str
    python: Path
    marks: str
    report: Path
    log: Path | None = None

    def start(self, arguments: Sequence[str], *more: str) -> "subprocess.Popen[bytes]":
        self.report.unlink(missing_ok=True)
        own = (*_COMMON, "-m", self.marks, f"--junitxml={self.report}")
        command = [str(self.python), *own, *more, *arguments]
        environment = {**os.environ, **_ENVIRONMENT}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self._to())

    def _to(self) -> IO[bytes] | None:
        return self.log.open("wb") if self.log else None


ML: Final = Run("the ml environment", ML_PYTHON, "ml", _FOLDER / "ml.xml", _FOLDER / "ml.log")
PARTS: Final = Run("the parts", SERVING_PYTHON, "not ml and not stack", _FOLDER / "parts.xml")
STACK: Final = Run("the running stack", SERVING_PYTHON, "not ml and stack", _FOLDER / "stack.xml")


def main(arguments: Sequence[str]) -> int:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    _say(f"Tests of {PARTS.title}; beside them those of {ML.title}, which are shown afterwards")
    beside = ML.start(arguments, "-qq")
    parts = PARTS.start(arguments, "-qq").wait()
    ml = beside.wait()
    _say(f"\nTests of {ML.title}\n{ML.log.read_text(errors='replace') if ML.log else ''}")
    _say(f"\nTests of {STACK.title}, and the summary of all")
    counted = (f"--count-in={run.report}" for run in (PARTS, ML))
    stack = STACK.start(arguments, *counted).wait()
    return status_of((parts, ml, stack))


def status_of(runs: Sequence[int]) -> int:
    """The first failure; a run that had no tests is none, unless all had none."""
    failed = [status for status in runs if status not in (0, _NO_TESTS_COLLECTED)]
    return failed[0] if failed else min(runs)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
