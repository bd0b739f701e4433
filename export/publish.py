"""Builds the served models from weights files and puts them into the model repository.

    python -m export publish [FILE …] [--repository model_repository]

A version appears whole or not at all: it is built and checked beside the repository and moved in by
one rename. What is published already is left alone, so the command can be repeated and interrupted.
"""

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from safetensors import SafetensorError

from dupi.vision import contract
from dupi.vision.contract import MANIFEST_FILE, Manifest
from export.verify import ParityError, check_parity, record
from export.weights_file import WEIGHTS, Card, digest, read_card, weights_files
from export.wrap import compile_module, save_compiled, served_module

MODEL_FILE = "model.pt"
MAX_BYTES = 1 << 30
"""Of a weights file: more than the largest recipe needs, two B7 trunks in half precision."""


class NotPublishable(RuntimeError):
    """Base of the reasons for which a weights file is refused."""


class AlreadyPublished(NotPublishable):
    """A published version never changes; other weights need another version number."""


class TrunkMissing(NotPublishable):
    """The trunk that a head was trained on has to be published first."""


class TooLarge(NotPublishable):
    """A file that no recipe makes."""


class NotWhatItSays(NotPublishable):
    """A file without a card, with another model's tensors, or damaged."""


def publish_all(repository: Path, weights: Path = WEIGHTS) -> list[Path]:
    """Publishes what is missing of a folder; returns the version folders that were added."""
    return publish_files(repository, list(weights_files(weights)))


def publish_files(repository: Path, files: Sequence[Path]) -> list[Path]:
    """Trunks first, for heads need theirs. Raises as :func:`publish` does."""
    trunks_first = sorted(files, key=lambda path: not path.name.startswith(contract.TRUNK))
    added = [
        folder
        for path in track(trunks_first, "publishing")
        if (folder := publish(path, repository))
    ]
    (repository / contract.ENSEMBLE / "1").mkdir(parents=True, exist_ok=True)
    return added


def publish(weights: Path, repository: Path) -> Path | None:
    """The new version's folder; None where it stands already.

    Raises ``NotPublishable`` (``AlreadyPublished``: the version was made from other weights;
    ``TrunkMissing``, ``TooLarge``, ``NotWhatItSays``), ``ParityError`` where the artefact does not
    answer as the eager module.
    """
    card = _card_of(weights)
    target = repository / card.model / str(card.version)
    if _stands(target, digest(weights)):
        return None
    _refuse_without_trunk(card, repository)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(repository) as folder:
        _build(weights, folder)
        folder.rename(target)
    return target


def _card_of(weights: Path) -> Card:
    """Raises TooLarge before anything of the file is read, NotWhatItSays."""
    if (size := weights.stat().st_size) > MAX_BYTES:
        raise TooLarge(f"{weights.name} has {size:,} bytes; at most {MAX_BYTES:,} are taken")
    try:
        return read_card(weights)
    except (SafetensorError, ValueError, TypeError) as damaged:
        raise NotWhatItSays(f"{weights.name}: {damaged}") from damaged


def _refuse_without_trunk(card: Card, repository: Path) -> None:
    trunk = repository / contract.TRUNK / str(card.trunk_version) / MANIFEST_FILE
    if card.model == contract.TRUNK:
        if card.trunk_version != card.version:
            raise NotWhatItSays(f"trunk {card.version} names trunk {card.trunk_version}")
    elif not trunk.exists():
        raise TrunkMissing(
            f"{card.model} {card.version} was trained on {contract.TRUNK} {card.trunk_version}, "
            "which is not published: publish that one first"
        )


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
    try:
        card, module = served_module(weights)
    except RuntimeError as strange:  # tensors that are no such model's
        raise NotWhatItSays(f"{weights.name}: {strange}") from strange
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, help="weights files (none: all committed)")
    parser.add_argument("--repository", type=Path, default=Path("model_repository"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of weights files")


def run(given: argparse.Namespace) -> int:
    """The exit status: 1 where a file was refused, with the reason in one line."""
    torch.set_num_threads(1)
    console = Console(highlight=False)
    try:
        files = given.files or list(weights_files(given.weights))
        added = publish_files(given.repository, files)
    except (NotPublishable, ParityError, OSError) as refused:
        console.print(str(refused), style="red", markup=False, soft_wrap=True)
        return 1
    console.print(f"{len(added)} versions added, all checked against the eager models")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
