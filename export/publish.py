"""Builds the served models from the committed weights and puts them into the model repository.

    python -m export.publish --repository model_repository

A version appears whole or not at all: it is built and checked beside the repository and moved in by
one rename. What is published already is left alone, so the command can be repeated and interrupted.
"""

import argparse
import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track

from dupi.vision import contract
from dupi.vision.contract import MANIFEST_FILE, Manifest
from export.verify import check_parity, record
from export.weights_file import WEIGHTS, Card, digest, read_card, weights_files
from export.wrap import compile_module, save_compiled, served_module

MODEL_FILE = "model.pt"


class AlreadyPublished(RuntimeError):
    """A published version never changes; other weights need another version number."""


def publish_all(repository: Path, weights: Path = WEIGHTS) -> list[Path]:
    """Publishes what is missing; returns the version folders that were added."""
    added = [
        folder
        for path in track(list(weights_files(weights)), "publishing")
        if (folder := publish(path, repository))
    ]
    (repository / contract.ENSEMBLE / "1").mkdir(parents=True, exist_ok=True)
    return added


def publish(weights: Path, repository: Path) -> Path | None:
    """The new version's folder; None where it stands already.

    Raises ``AlreadyPublished`` where the version was made from other weights, ``ParityError`` where
    the artefact does not answer as the eager module.
    """
    card = read_card(weights)
    target = repository / card.model / str(card.version)
    if _stands(target, digest(weights)):
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(repository) as folder:
        _build(weights, folder)
        folder.rename(target)
    return target


def _stands(target: Path, wanted: str) -> bool:
    if not target.exists():
        return False
    found = json.loads((target / MANIFEST_FILE).read_text(encoding="utf-8"))
    if found.get("weights_sha256") != wanted:
        raise AlreadyPublished(
            f"{target} was built from other weights. Give the new weights a new version, or remove "
            "the folder if that version was never in use."
        )
    return True


@contextmanager
def _beside(repository: Path) -> Iterator[Path]:
    """A folder on the repository's file system, gone afterwards unless it was moved away."""
    outer = Path(tempfile.mkdtemp(prefix=".publishing-", dir=repository.resolve().parent))
    try:
        (outer / "version").mkdir()
        yield outer / "version"
    finally:
        shutil.rmtree(outer)


def _build(weights: Path, folder: Path) -> None:
    card, module = served_module(weights)
    recorded = record(card, module)
    save_compiled(compile_module(card, module), folder / MODEL_FILE)
    check_parity(recorded, folder / MODEL_FILE)
    manifest = dataclasses.asdict(_manifest(card, digest(weights)))
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def _manifest(card: Card, weights_sha256: str) -> Manifest:
    return Manifest(
        model=card.model,
        version=card.version,
        trunk_version=card.trunk_version,
        input_size=card.input_size,
        abstain_below=card.abstain_below,
        trained_on=card.trained_on,
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
        weights_sha256=weights_sha256,
        data_sha256=card.data_sha256,
        link=card.link,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    added = publish_all(given.repository, given.weights)
    Console().print(f"{len(added)} versions added, all checked against the eager models")


if __name__ == "__main__":
    main()
