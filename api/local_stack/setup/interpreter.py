"""Finds the Python 3.11 that the environments are made from. Readable by older Pythons.

Triton's Python backend loads ``libpython3.11.so``, so an interpreter that has it is preferred.
"""

import os
import subprocess
import sys
from typing import Sequence  # noqa: F401, UP035

WANTED = (3, 11)
LIBRARY = "libpython3.11.so.1.0"

_PROBE = (
    "import os, sys, sysconfig as s\n"
    "lib = os.path.join(s.get_config_var('LIBDIR') or '', '" + LIBRARY + "')\n"
    "print('{0}.{1}'.format(*sys.version_info), os.path.exists(lib))"
)

NO_PYTHON = (
    "Dupi needs Python 3.11; this is Python {version} and there is no python3.11 on the PATH. "
    "Install it (Debian, Ubuntu: apt install python3.11 python3.11-venv libpython3.11) or say "
    "where it is: make PYTHON=/path/to/python3.11"
)
NO_LIBRARY = (
    "{python} has no shared library " + LIBRARY + ", which Triton's Python backend loads. "
    "Install it (Debian, Ubuntu: apt install libpython3.11; pyenv: PYTHON_CONFIGURE_OPTS="
    "--enable-shared pyenv install 3.11) or say where such a Python is: "
    "make PYTHON=/path/to/python3.11"
)


def ensure_python():
    # type: () -> None
    """Go on with Python 3.11 that has its shared library; end with one line where there is none.

    Replaces this process where another interpreter than the running one is the right one.
    """
    chosen, has_library = choose(candidates())
    if chosen is None:
        sys.exit(NO_PYTHON.format(version=_dotted(sys.version_info)))
    if not has_library:
        sys.exit(NO_LIBRARY.format(python=chosen))
    if chosen != sys.executable:
        os.execv(chosen, [chosen, "-m", "api.local_stack.setup", *sys.argv[1:]])  # noqa: S606


def choose(pythons):
    # type: (list[str]) -> tuple[str | None, bool]
    """The first of ``pythons`` that is a 3.11 with its library, else any 3.11, else ``None``."""
    without_library = None
    for python in pythons:
        version, has_library = _probe(python)
        if version == _dotted(WANTED):
            if has_library:
                return python, True
            without_library = without_library or python
    return without_library, False


def candidates():
    # type: () -> list[str]
    """The running interpreter, then every ``python3.11`` on the PATH and in the usual places."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin"]
    found = [os.path.join(folder, "python3.11") for folder in folders]  # noqa: PTH118
    existing = [path for path in found if os.access(path, os.X_OK)]
    return list(dict.fromkeys([sys.executable, *existing]))


def _dotted(version):
    # type: (Sequence[object]) -> str
    return "{}.{}".format(*version)


def _probe(python):
    # type: (str) -> tuple[str, bool]
    try:
        output = subprocess.check_output([python, "-c", _PROBE], stderr=subprocess.DEVNULL)
        version, has_library = output.decode().split()
    except (OSError, subprocess.CalledProcessError, ValueError):  # e.g. a shim without a version
        return "", False
    return version, has_library == "True"
