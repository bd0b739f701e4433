"""Where weights come from: recipe, data, seed, code and libraries, kept in every checkpoint."""

import hashlib
import platform
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from export.data.items import Packed
from export.recipe import Recipe

_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("torch", "transformers", "monai", "numpy")
DATA: Final = ("data_sha256", "split_by", "split_sha256")
"""Which photos, with which grades, on which side."""
STARTS: Final = ("start_sha256", "pretrained_sha256")
"""Weights that a run began from; "" where it began with fresh ones."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a fresh run begins from: weights of an earlier run, or a local folder's backbone."""

    weights: Path | None = None
    pretrained: Path | None = None


FRESH: Final = Start()


class OtherData(ValueError):
    """The photos are others than the run's, or are labelled or split otherwise."""


def origin_of(
    recipe: Recipe, packed: Packed, conditions: Iterable[str], start: Start = FRESH
) -> dict[str, Any]:
    """``code`` is the package's version and a hash of the training code, whatever git says."""
    return {
        "recipe": recipe.model_dump(mode="json"),
        "conditions": [str(condition) for condition in conditions],
        **{name: getattr(packed, name) for name in DATA},
        "start_sha256": _digest(start.weights),
        "pretrained_sha256": _digest(start.pretrained or recipe.pretrained),
        "seed": recipe.seed,
        "code": code_version(),
        "libraries": {name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
    }


def refuse_other_data(run: Path, origin: Mapping[str, Any], packed: Packed) -> None:
    """Raises ``OtherData``: by another split, photos of the training would calibrate or judge."""
    if packed.data_sha256 != origin["data_sha256"]:
        raise OtherData(f"these are other photos than {run} was trained on")
    if any(getattr(packed, name) != origin.get(name) for name in DATA):
        raise OtherData(f"these photos are split or labelled otherwise than for {run}")


def told_starts(origin: Mapping[str, Any]) -> str:
    """What a run began from, in words; "" for fresh weights."""
    found = [origin.get(name, "") for name in STARTS]
    return "".join(f", begun from weights with the sha256 {one}" for one in found if one)


def _digest(place: Path | str | None) -> str:
    """sha256 of a file, or over names and contents of a folder's files; "" for no place."""
    if not place:
        return ""
    if (path := Path(place)).is_dir():
        named = [
            (p.relative_to(path).as_posix(), _digest(p)) for p in path.rglob("*") if p.is_file()
        ]
        return hashlib.sha256(repr(sorted(named)).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def code_version() -> str:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = hashlib.sha256()
    for path in sorted((_ROOT / "export").rglob("*.py")):
        found.update(path.relative_to(_ROOT).as_posix().encode() + path.read_bytes())
    return f"{project['version']}+{found.hexdigest()[:12]}"
