"""Runs a program behind the others: ``python -I -S background.py <program> [arguments…]``.

Where the cores are few, what computes for seconds (the models) must not keep what answers in
milliseconds (web, the store) from its turn. Becomes the program, with the standard library alone.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

_NICENESS = 5
_GROUP = Path("/proc/self/autogroup")
"""Linux weighs whole sessions against each other: niceness counts only within one."""


def main(command: list[str]) -> None:
    os.nice(_NICENESS)
    with suppress(OSError):  # a kernel without such groups
        _GROUP.write_text(str(_NICENESS))
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
