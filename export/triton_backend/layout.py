"""Lays out the backend directory and how to start the server:
``.venv-triton/bin/python -m export.triton_backend.layout var/triton_backend``.

    DEST/backends/python/   Triton's Python backend and its stub for this Python, from the wheel
    DEST/backends/pytorch/  model.py of this folder
    DEST/launch.json        {"command": […], "environment": {…}}: the server, for loopback alone;
                            the caller adds --model-repository, --grpc-port and --metrics-port

Run by the environment that holds the wheel. The folder appears at once and whole.
"""

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).parent
_STUB: Final = "triton_python_backend_stub"
_PYTHON_BACKEND: Final = ("libtriton_python.so", "triton_python_backend_utils.py")


class LayoutFailed(Exception):
    """Something that the backend needs is not there; one clear line."""


def lay_out(destination: Path) -> None:
    """Build ``destination``, in place of what was there. Raises :class:`LayoutFailed`."""
    destination = destination.absolute()
    draft = destination.with_name(f".{destination.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    server = _server()
    _copy_backends(server, draft / "backends")
    launch = launch_description(server, destination / "backends")
    (draft / "launch.json").write_text(json.dumps(launch, indent=2) + "\n")
    shutil.rmtree(destination, ignore_errors=True)
    draft.rename(destination)


def launch_description(server: Path, backends: Path) -> dict[str, Any]:
    """How to start tritonserver from the wheel's folder ``server``.

    gRPC and metrics alone, on loopback; models are loaded when asked for, from static
    configurations; the shared-memory, trace and log protocols stay shut.
    """
    nobody = os.urandom(16).hex()
    return {
        "command": [
            str(server / "bin" / "tritonserver"),
            f"--backend-directory={backends}",
            "--model-control-mode=explicit",
            "--disable-auto-complete-config",
            "--allow-http=false",
            "--grpc-address=127.0.0.1",
            "--metrics-address=127.0.0.1",
            f"--grpc-restricted-protocol=shared-memory,trace,logging:dupi-admin={nobody}",
            "--model-load-thread-count=4",
            "--exit-timeout-secs=5",
        ],
        "environment": _environment(),
    }


def _environment() -> dict[str, str]:
    """The stub needs the wheel's libraries and libpython, and finds torch by the PATH."""
    libraries = (_wheel().with_name("nvidia_pytriton.libs"), sysconfig.get_config_var("LIBDIR"))
    return {
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/local/bin:/usr/bin:/bin")),
        "PYTHONPATH": "",
        "PYTHONNOUSERSITE": "1",
    }


def _copy_backends(server: Path, backends: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    files = [server / "backends" / "python" / name for name in _PYTHON_BACKEND]
    files.append(server / "python_backend_stubs" / version / _STUB)
    for source in files:
        _copy(source, backends / "python" / source.name)
    _copy(_HERE / "model.py", backends / "pytorch" / "model.py")


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise LayoutFailed(f"{source} is missing: is nvidia-pytriton installed for this Python?")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _server() -> Path:
    return _wheel() / "tritonserver"


def _wheel() -> Path:
    found = importlib.util.find_spec("pytriton")
    if not found or not found.origin:
        raise LayoutFailed("nvidia-pytriton is not installed in this environment")
    return Path(found.origin).parent


def main() -> None:
    try:
        lay_out(Path(sys.argv[1]))
    except LayoutFailed as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
