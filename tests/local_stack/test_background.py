"""What computes runs behind what answers."""

import os
import subprocess
import sys
from pathlib import Path

from api.local_stack import background

_TELL = "import os; print(os.getpid(), os.nice(0), open('/proc/self/autogroup').read().split()[-1])"


def test_a_program_in_the_background_is_itself_and_gives_way() -> None:
    command = (sys.executable, "-I", "-S", str(Path(background.__file__)))
    process = subprocess.Popen(
        (*command, sys.executable, "-c", _TELL), stdout=subprocess.PIPE, start_new_session=True
    )
    out, _ = process.communicate(timeout=30)
    pid, niceness, group = out.split()
    assert int(pid) == process.pid
    assert int(niceness) == min(19, os.nice(0) + 5)
    assert int(group) == 5
