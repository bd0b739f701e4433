"""The published models for tests, and what operators see of a running stack."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.local_stack.paths import ML_PYTHON, MODEL_REPOSITORY, ROOT


def copied_repository(folder: Path) -> Path:
    """The published models, to which versions can be added without touching the original."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(MODEL_REPOSITORY, folder, copy_function=_linked)
    return folder


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def newest_version(repository: Path, model: str) -> int:
    return max(int(path.parent.name) for path in (repository / model).glob("*/manifest.json"))


def publish_candidates(repository: Path, *arguments: str) -> None:
    """``tests.promotions.candidates`` in the environment that has torch."""
    program = (str(ML_PYTHON), "-m", "tests.promotions.candidates", "--repository", str(repository))
    subprocess.run([*program, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def operator_command(environment: Mapping[str, str], *arguments: str) -> Any:
    """What ``python -m api.operator --json`` prints, on a stack that is up."""
    command = [sys.executable, "-m", "api.operator", "--json", *arguments]
    printed = subprocess.check_output(command, cwd=ROOT, env={**os.environ, **environment})
    return json.loads(printed)
