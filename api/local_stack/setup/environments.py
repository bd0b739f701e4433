"""The three Python environments, each made once from its pinned requirements.

An environment carries a stamp of what it was made from, written last: one without it was
interrupted, one with another is out of date, and both are made anew, which is quick, for the wheels
come out of uv's cache.
"""

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.local_stack.paths import REQUIREMENTS, ROOT
from api.local_stack.setup.commands import run
from api.local_stack.setup.console import SetupError

_STAMP: Final = ".dupi-stamp"
_GIB: Final = 2**30


@dataclass(frozen=True)
class Environment:
    """``needs_gib``: room for its packages, uv's cache of them included."""

    name: str
    folder: Path
    requirements: Path
    needs_gib: float
    has_torch: bool = False

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def stamp(self) -> str:
        """What it is made from; changes with the pins and with the interpreter."""
        text = self.requirements.read_bytes() + sys.base_prefix.encode() + sys.version.encode()
        return hashlib.sha256(text).hexdigest()

    def is_ready(self) -> bool:
        return self._read_stamp() == self.stamp() and self.python.exists()

    def make(self, uv: Path) -> None:
        """Make it anew; what was there before goes."""
        environment = uv_environment()
        venv: list[str | Path] = [
            uv,
            "venv",
            "--clear",
            "--quiet",
            "--python",
            sys.executable,
            self.folder,
        ]
        run(f"{self.name} environment", venv, environment)
        run(f"{self.name} environment", self._sync_command(uv), environment)
        self._name_project()
        (self.folder / _STAMP).write_text(self.stamp())

    def _sync_command(self, uv: Path) -> list[str | Path]:
        command: list[str | Path] = [uv, "pip", "sync", "--python", self.python, self.requirements]
        return [*command, *(torch_source() if self.has_torch else [])]

    def _name_project(self) -> None:
        """Make the project's five packages importable, from the checkout itself."""
        packages = self.folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        (packages / "dupi-project.pth").write_text(f"{ROOT}\n")

    def _read_stamp(self) -> str:
        try:
            return (self.folder / _STAMP).read_text()
        except OSError:
            return ""


def has_gpu() -> bool:
    """Whether an NVIDIA GPU is visible to this machine; serving asks in the same way."""
    return Path("/dev/nvidiactl").exists()


def all_environments() -> tuple[Environment, ...]:
    ml = "ml-gpu" if has_gpu() else "ml"
    return (
        serving_environment(),
        Environment("ml", ROOT / ".venv-ml", REQUIREMENTS / f"{ml}.txt", 4.5, has_torch=ml == "ml"),
        Environment(
            "triton", ROOT / ".venv-triton", REQUIREMENTS / "triton.txt", 2.0, has_torch=True
        ),
    )


def serving_environment() -> Environment:
    return Environment("serving", ROOT / ".venv", REQUIREMENTS / "serving.txt", 0.8)


def check_disk(missing: list[Environment]) -> None:
    """Raises :class:`SetupError` where ``missing`` environments would not fit."""
    need = sum(environment.needs_gib for environment in missing)
    free = shutil.disk_usage(ROOT).free / _GIB
    if free < need:
        raise SetupError(
            f"Not enough disk space: the environments need about {need:.0f} GiB, {ROOT} has "
            f"{free:.1f} GiB free. Free some and run the same command again."
        )


def uv_environment() -> dict[str, str]:
    """What uv must be told that pip knows: uv reads none of pip's variables."""
    given = {
        "UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", "").replace(" ", ","),
        "UV_DEFAULT_INDEX": os.environ.get("PIP_INDEX_URL", ""),
        "UV_INDEX": os.environ.get("PIP_EXTRA_INDEX_URL", ""),
        "SSL_CERT_FILE": os.environ.get("PIP_CERT", ""),
        "UV_HTTP_TIMEOUT": os.environ.get("PIP_DEFAULT_TIMEOUT", "120"),
    }
    return {name: value for name, value in given.items() if value and name not in os.environ}


def torch_source() -> list[str]:
    """PyTorch's CPU index, unless the machine's find-links hold the CPU build."""
    links = os.environ.get("UV_FIND_LINKS") or os.environ.get("PIP_FIND_LINKS", "")
    for link in links.replace(",", " ").split():
        if "://" in link or any(Path(link).glob("torch-*+cpu*.whl")):
            return []
    return ["--torch-backend", "cpu"]
