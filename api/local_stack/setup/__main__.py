"""``python3 -m api.local_stack.setup [serving]``: set up all, or what ``make check`` needs.

Old Pythons must be able to read this file, so that they can say what is wrong; all else is
imported once the version is known to be right.
"""

import sys


def _start():
    # type: () -> None
    from api.local_stack.setup import interpreter  # noqa: PLC0415

    interpreter.ensure_python()
    from api.local_stack.setup.steps import main  # noqa: PLC0415

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    _start()
