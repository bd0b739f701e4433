"""What is built from committed weights: published classifiers, Triton's backend, the advisor.

Each is built once: a stamp holds the digest of everything it was built from.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.local_stack.paths import (
    ADVISOR_MODELS,
    ML_PYTHON,
    MODEL_REPOSITORY,
    ROOT,
    SETUP_STATE,
    TRITON_BACKEND,
    TRITON_PYTHON,
)
from api.local_stack.setup.commands import run
from api.local_stack.setup.console import SetupError

_ENVIRONMENT: Final = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
"""Bytecode is kept, so that the stack starts faster afterwards."""


@dataclass(frozen=True)
class Product:
    """``sources``: files and folders that it is built from; ``result``: glob below the root that
    finds at least ``results`` paths once it is built."""

    title: str
    command: tuple[str | Path, ...]
    sources: tuple[str, ...]
    result: str
    results: int = 1

    def is_built(self) -> bool:
        found = sum(1 for _ in ROOT.glob(self.result))
        return found >= self.results and self._stamp_file.exists() and self._is_current()

    def build(self) -> None:
        """Raises :class:`SetupError` where it cannot be built."""
        run(self.title, self.command, _ENVIRONMENT)
        if not any(ROOT.glob(self.result)):
            raise SetupError(f"{self.title} ended without making {self.result}")
        self._stamp_file.parent.mkdir(parents=True, exist_ok=True)
        self._stamp_file.write_text(self._digest())

    @property
    def _stamp_file(self) -> Path:
        return SETUP_STATE / f"{self.title}.stamp"

    def _is_current(self) -> bool:
        return self._stamp_file.read_text() == self._digest()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(_files(self.sources)):
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()


def _files(sources: tuple[str, ...]) -> Iterator[Path]:
    for source in sources:
        path = ROOT / source
        if path.is_dir():
            yield from (
                Path(folder) / name
                for folder, _, names in os.walk(path)
                if "__pycache__" not in folder
                for name in names
            )
        elif path.exists():
            yield path


CLASSIFIERS: Final = Product(
    title="classifiers",
    command=(ML_PYTHON, "-m", "export.publish", "--repository", MODEL_REPOSITORY),
    sources=(
        *("export/weights", "export/weights_file.py", "export/network.py", "export/wrap.py"),
        *("export/verify.py", "export/publish.py", "requirements/ml.txt"),
    ),
    result="model_repository/*/[0-9]*/model.pt",
    results=8,
)
TRITON_LAYOUT: Final = Product(
    title="triton backend",
    command=(TRITON_PYTHON, "-m", "export.triton_backend.layout", TRITON_BACKEND),
    sources=("export/triton_backend", "requirements/triton.txt"),
    result="var/triton_backend/launch.json",
)
ADVISOR: Final = Product(
    title="advisor",
    command=(ML_PYTHON, "-m", "llm_server.merge"),
    sources=(
        *("llm_server/weights", "llm_server/card.py", "llm_server/merge.py"),
        "requirements/ml.txt",
    ),
    result=f"{ADVISOR_MODELS.relative_to(ROOT)}/*/advisor.json",
)
