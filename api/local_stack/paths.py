"""Where things lie on one machine. Standard library only: the set-up imports this before any
environment exists.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
VAR: Final = ROOT / "var"
"""All state of the one-machine stack; ignored by git, safe to delete while nothing runs."""

SERVING_PYTHON: Final = ROOT / ".venv" / "bin" / "python"
ML_PYTHON: Final = ROOT / ".venv-ml" / "bin" / "python"
TRITON_PYTHON: Final = ROOT / ".venv-triton" / "bin" / "python"

REQUIREMENTS: Final = ROOT / "requirements"
MODEL_REPOSITORY: Final = ROOT / "model_repository"
TRITON_BACKEND: Final = VAR / "triton_backend"
ADVISOR_MODELS: Final = VAR / "models" / "advisor"
SECRETS: Final = VAR / "secret"
SETUP_STATE: Final = VAR / "setup"
"""Stamps and the log of the set-up."""

UP_STATE: Final = VAR
DEMO: Final = VAR / "demo"
DEMO_STATE: Final = DEMO / "state"
"""The demo's own store, photos, logs and pids, so that it never meets a stack that is up."""
