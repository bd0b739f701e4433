"""Where weights come from: recipe, data, seed, code and libraries, kept in every checkpoint."""

import hashlib
import platform
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from export.recipe import Recipe

_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("torch", "transformers", "monai", "numpy")


def origin_of(recipe: Recipe, data_sha256: str, conditions: Iterable[str]) -> dict[str, Any]:
    """``code`` is the package's version and a hash of the training code, whatever git says."""
    return {
        "recipe": recipe.model_dump(mode="json"),
        "conditions": [str(condition) for condition in conditions],
        "data_sha256": data_sha256,
        "seed": recipe.seed,
        "code": code_version(),
        "libraries": {name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
    }


@cache
def code_version() -> str:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = hashlib.sha256()
    for path in sorted((_ROOT / "export").rglob("*.py")):
        found.update(path.relative_to(_ROOT).as_posix().encode() + path.read_bytes())
    return f"{project['version']}+{found.hexdigest()[:12]}"
