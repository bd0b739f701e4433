"""``python -m api.local_stack.operator <command>``: ``api.operator`` for the stack that is up here.

``make operator EMAIL=…`` is ``role EMAIL``.
"""

import os
import sys
from collections.abc import Mapping, Sequence

from api import operator
from api.local_stack.paths import MODEL_REPOSITORY, UP_STATE
from api.local_stack.plan import ADVISOR, STORE, TRITON
from api.local_stack.runfile import read_running
from api.local_stack.setup.secrets import SIGNING, read_secret
from dupi.settings import load_settings

_ENDPOINTS = {
    "DUPI_MONGODB_URL": STORE,
    "DUPI_TRITON_URL": TRITON,
    "DUPI_ADVISOR_URL": ADVISOR,
}


def main(arguments: Sequence[str]) -> int:
    """The command's exit status; 3 where no stack is up."""
    running = read_running(UP_STATE)
    if running is None:
        sys.stderr.write("Nothing is up here: start it with `make up`.\n")
        return operator.TRY_LATER
    for name, value in _environment(running.endpoints).items():
        os.environ.setdefault(name, value)
    return operator.main(arguments, load_settings())


def _environment(endpoints: Mapping[str, str]) -> dict[str, str]:
    return {
        "DUPI_SECRET": read_secret(SIGNING),
        "DUPI_STORAGE_URL": str(UP_STATE / "photos"),
        "DUPI_MODEL_REPOSITORY": str(MODEL_REPOSITORY),
    } | {name: endpoints[part] for name, part in _ENDPOINTS.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
