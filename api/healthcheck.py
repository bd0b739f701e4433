"""``python -m api.healthcheck web|worker``: whether the process beside this one lives.

For containers: status 0 is healthy, 1 is not, with one line that says why. A backend that is away
makes neither unhealthy: starting them anew would not bring it back.
"""

import http.client
import sys
from collections.abc import Callable, Sequence
from typing import Final

from api.heartbeat import SILENT_AFTER_S, silent_for
from dupi.settings import Settings, load_settings

_ANSWER_WITHIN_S: Final = 4.0
_OF_ALL: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (what is asked is loopback)


def check_web(settings: Settings) -> str | None:
    """What is wrong; ``None``: nothing."""
    host = _OF_ALL.get(settings.host, settings.host)
    web = http.client.HTTPConnection(host, settings.port, timeout=_ANSWER_WITHIN_S)
    try:
        web.request("GET", "/health/live")
        status = web.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"web does not answer: {error}"
    finally:
        web.close()
    return None if status == http.HTTPStatus.OK else f"web answers {status}"


def check_worker(settings: Settings) -> str | None:
    """What is wrong; ``None``: nothing."""
    file = settings.worker.heartbeat_file
    if file is None:
        return "DUPI_WORKER__HEARTBEAT_FILE is not set"
    silence = silent_for(file)
    if silence is None:
        return f"the worker has not begun: no beat in {file}"
    return None if silence < SILENT_AFTER_S else f"the worker is silent for {silence:.0f} s"


_CHECKS: Final[dict[str, Callable[[Settings], str | None]]] = {
    "web": check_web,
    "worker": check_worker,
}


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    if len(arguments) != 1 or arguments[0] not in _CHECKS:
        sys.stderr.write("usage: python -m api.healthcheck web|worker\n")
        return 2
    problem = _CHECKS[arguments[0]](load_settings())
    if problem:
        sys.stdout.write(f"{problem}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
