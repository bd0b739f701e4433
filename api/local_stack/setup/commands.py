"""Runs the programs of the set-up, their output in one log, their failures in one line."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from api.local_stack.paths import ROOT, SETUP_STATE
from api.local_stack.setup.console import SetupError

_NO_NETWORK: Final = (
    "dns error",
    "error sending request",
    "failed to fetch",
    "could not connect",
    "connection refused",
    "network is unreachable",
    "temporary failure in name resolution",
    "name or service not known",
    "operation timed out",
    "max retries exceeded",
    "newconnectionerror",
)
_DISK_FULL: Final = ("no space left on device", "disk quota exceeded")
_TAIL_LINES: Final = 12


def run(title: str, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
    """Run ``command`` in the project's root; its output goes to ``var/setup/<title>.log``.

    Raises :class:`SetupError` with one clear line (for unknown causes: and the log's last lines).
    """
    log = SETUP_STATE / f"{title}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise SetupError(explain(title, log, done.returncode))


def explain(title: str, log: Path, code: int) -> str:
    """What went wrong, as one line where the cause is known."""
    text = log.read_text(errors="replace")
    low = text.lower()
    shown = log.relative_to(ROOT) if log.is_relative_to(ROOT) else log
    if any(sign in low for sign in _DISK_FULL):
        return f"The disk is full (while: {title}): free some space and run the same command again."
    if any(sign in low for sign in _NO_NETWORK):
        return (
            f"The package index cannot be reached (while: {title}): check the network or the "
            f"proxy, or name a mirror in PIP_INDEX_URL, and run the same command again. "
            f"Details: {shown}"
        )
    tail = "\n    ".join(text.strip().splitlines()[-_TAIL_LINES:])
    return f"{title} failed with status {code}; {shown} ends with:\n    {tail}"
