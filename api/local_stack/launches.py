"""The command line and environment of each program of the stack."""

import json
import os
import shutil
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.local_stack import background
from api.local_stack.paths import (
    ADVISOR_MODELS,
    ML_PYTHON,
    TRITON_BACKEND,
)
from api.local_stack.ports import LOOPBACK

_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 the kernel's own
ADVISOR_KEY_VARIABLE: Final = "VLLM_API_KEY"
HEARTBEAT_VARIABLE: Final = "DUPI_WORKER__HEARTBEAT_FILE"
_DRAIN_SECONDS: Final = 5
"""Advice that is being written when the stack stops may be finished within."""


@dataclass(frozen=True)
class Launch:
    """``environment`` is added to this process's own; ``leftovers`` (a path whose last part is a
    glob) names what a killed program leaves behind, which is removed before it starts and after it
    has ended."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    leftovers: Path | None = None

    def full_environment(self) -> dict[str, str]:
        """Bytecode is kept whatever was set: without it, each start compiles torch and vLLM."""
        return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **self.environment}

    def forget_leftovers(self) -> None:
        if self.leftovers:
            for left in self.leftovers.parent.glob(self.leftovers.name):
                left.unlink(missing_ok=True)


def launch_store(folder: Path, port: int) -> Launch:
    """``mongod`` where there is one, else the embedded store."""
    folder.mkdir(parents=True, exist_ok=True)
    mongod = shutil.which("mongod")
    if mongod:
        where = ("--dbpath", str(folder), "--bind_ip", LOOPBACK, "--port", str(port))
        return Launch((mongod, *where), {})
    program = str(Path(sys.executable).with_name("nx-27017"))
    where = ("--data-dir", str(folder), "--host", LOOPBACK, "--port", str(port))
    pid = folder / "store.pid"
    own = ("--log-file", str(folder / "store.log"), "--pid-file", str(pid))
    # It believes the file of one that was killed, also where another process has that pid by now.
    return Launch((program, *where, *own), {"PYTHONUNBUFFERED": "1"}, leftovers=pid)


def launch_triton(repository: Path, state: Path, *, grpc: int, metrics: int) -> Launch:
    """The wheel's server over ``repository``, as its laid out backend says. One at a time for each
    ``state`` folder."""
    laid_out = json.loads((TRITON_BACKEND / "launch.json").read_text())
    regions = shared_memory_regions(state)
    where = (
        f"--model-repository={repository}",
        f"--grpc-port={grpc}",
        f"--metrics-port={metrics}",
        f"--backend-config=python,shm-region-prefix-name={regions.name.rstrip('*')}",
    )
    return Launch(_behind(*laid_out["command"], *where), laid_out["environment"], regions)


def shared_memory_regions(state: Path) -> Path:
    """What a Triton whose state lies in ``state`` makes in shared memory; the last part is a
    glob."""
    return _SHARED_MEMORY / f"dupi-{zlib.crc32(str(state.absolute()).encode()):08x}-*"


def launch_advisor(port: int, api_key: str, model: Path | None = None) -> Launch:
    """vLLM over the merged ``model``: that of the newest version, if none is given."""
    folder = model or newest_advisor()
    where = ("--model-dir", str(folder), "--host", LOOPBACK, "--port", str(port))
    drain = ("--drain-seconds", str(_DRAIN_SECONDS))
    command = _behind(str(ML_PYTHON), "-m", "llm_server.serve", *where, *drain)
    return Launch(command, {ADVISOR_KEY_VARIABLE: api_key})


def _behind(*command: str) -> tuple[str, ...]:
    """The models compute for seconds; web and the store are to answer meanwhile."""
    return (sys.executable, "-I", "-S", str(Path(background.__file__)), *command)


def newest_advisor() -> Path:
    """Folder of the highest version that is merged."""
    versions = [path for path in ADVISOR_MODELS.iterdir() if (path / "advisor.json").exists()]
    return max(versions, key=lambda path: int(path.name) if path.name.isdigit() else -1)


def launch_redis(port: int) -> Launch:
    """``redis-server`` from the PATH, else the one beside this Python. It keeps nothing on disk:
    hints and rate limits are worth nothing after it ended."""
    beside = Path(sys.executable).with_name("redis-server")
    program = shutil.which("redis-server") or str(beside)
    where = ("--bind", LOOPBACK, "--port", str(port), "--save", "", "--appendonly", "no")
    return Launch((program, *where), {})


def launch_web(environment: Mapping[str, str]) -> Launch:
    return Launch((sys.executable, "-m", "api.main"), environment)


def launch_worker(environment: Mapping[str, str], heartbeat: Path) -> Launch:
    """A worker that touches ``heartbeat`` while it can do its work."""
    heartbeat.parent.mkdir(parents=True, exist_ok=True)
    own = {HEARTBEAT_VARIABLE: str(heartbeat)}
    return Launch((sys.executable, "-m", "api.worker"), {**environment, **own}, heartbeat)
