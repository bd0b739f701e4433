"""Secrets of the one-machine stack, made once and readable by their owner alone."""

import os
import secrets
from pathlib import Path
from typing import Final

from api.local_stack.paths import SECRETS

SIGNING: Final = SECRETS / "signing"
ADVISOR_KEY: Final = SECRETS / "advisor-api-key"
_BYTES: Final = 48


def make_secrets() -> None:
    SECRETS.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (SIGNING, ADVISOR_KEY):
        _make(path)


def read_secret(path: Path) -> str:
    return path.read_text().strip()


def _make(path: Path) -> None:
    if path.exists() and path.stat().st_size:
        return
    partial = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(_BYTES))
    partial.rename(path)
