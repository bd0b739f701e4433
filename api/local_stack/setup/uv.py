"""Brings uv: the one on the PATH, else one installed by pip, else its wheel from a named mirror."""

import json
import os
import platform
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Final

from api.local_stack.paths import ROOT
from api.local_stack.setup.console import SetupError

_HOME: Final = ROOT / ".venv-uv"
_OWN: Final = _HOME / "bin" / "uv"
_VERSION: Final = "0.13.9"
_INDEX_TIMEOUT_SECONDS: Final = 60


def bring_uv() -> Path:
    """uv's path. Raises :class:`SetupError` where it can be had in no way."""
    found = shutil.which("uv")
    for path in [Path(found)] if found else []:
        if _runs(path):
            return path
    if _runs(_OWN):
        return _OWN
    _HOME.mkdir(exist_ok=True)
    if not (_install_with_pip() and _runs(_OWN)):
        _download_wheel()
    return _OWN


def _runs(uv: Path) -> bool:
    try:
        return subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _install_with_pip() -> bool:
    """pip knows the machine's mirrors, proxies and certificates; a Python may come without it."""
    make = [sys.executable, "-m", "venv", "--clear", str(_HOME)]
    install = [str(_HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", f"uv=={_VERSION}"]
    try:
        for command in (make, install):
            subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _download_wheel() -> None:
    mirror = os.environ.get("PIP_INDEX_URL", "").rstrip("/")
    if not mirror:
        raise SetupError(
            "uv, which installs all else, could not be installed by pip: check the network, and "
            "that this Python has pip and venv (Debian: python3.11-venv), or install uv yourself; "
            "then run the same command again."
        )
    try:
        wheel = _fetch(_wheel_url(f"{mirror}/uv/"))
    except (OSError, ValueError, LookupError) as error:
        raise SetupError(
            f"uv, which installs all else, cannot be downloaded ({error}): check the network, or "
            "install uv yourself (pip install uv) and run the same command again."
        ) from None
    _unpack(wheel)


def _wheel_url(page: str) -> str:
    request = urllib.request.Request(  # noqa: S310 the index is the operator's choice
        page, headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=_INDEX_TIMEOUT_SECONDS) as answer:  # noqa: S310
        files = json.load(answer)["files"]
    end = f"manylinux_2_17_{platform.machine()}.manylinux2014_{platform.machine()}.whl"
    names = (f for f in files if f["filename"] == f"uv-{_VERSION}-py3-none-{end}")
    return str(next(names, {"url": ""})["url"]) or _missing(page)


def _missing(page: str) -> str:
    raise LookupError(f"{page} has no uv {_VERSION} for {platform.machine()}")


def _fetch(url: str) -> Path:
    target = _HOME / "uv.whl"
    with (
        urllib.request.urlopen(url, timeout=_INDEX_TIMEOUT_SECONDS) as answer,  # noqa: S310
        target.open("wb") as file,
    ):
        shutil.copyfileobj(answer, file)
    return target


def _unpack(wheel: Path) -> None:
    _OWN.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        name = f"uv-{_VERSION}.data/scripts/uv"
        partial = _OWN.with_suffix(".part")
        partial.write_bytes(archive.read(name))
    partial.chmod(0o755)
    partial.rename(_OWN)
    wheel.unlink()
