"""``python -m tests.promotions.candidates`` (ml environment): versions that answer differently.

    … --repository FOLDER --temperature 1.5 MODEL=FROM:TO …
    … --repository FOLDER --temperature 1.5 --size 128 --trunk 902 scalp_trunk=1:902 …

Each is the committed weights ``FROM`` under the number ``TO``; a head's temperature is multiplied,
so its answers differ recognisably.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from safetensors.torch import load_file, save_file

from dupi.vision import contract
from export.publish import publish_files
from export.weights_file import WEIGHTS, Card, card_metadata, read_card


def main(arguments: Sequence[str] | None = None) -> None:
    given = _parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        files = [_copy(Path(folder), one, given) for one in given.models]
        added = publish_files(given.repository, files)
    sys.stdout.write("".join(f"{path}\n" for path in added))


def _copy(folder: Path, wanted: str, given: argparse.Namespace) -> Path:
    model, _, numbers = wanted.partition("=")
    source, _, target = numbers.partition(":")
    path = WEIGHTS / f"{model}-{source}.safetensors"
    card = _changed(read_card(path), int(target), given)
    save_file(load_file(path), folder / card.file_name, metadata=card_metadata(card))
    return folder / card.file_name


def _changed(card: Card, version: int, given: argparse.Namespace) -> Card:
    is_trunk = card.model == contract.TRUNK
    return replace(
        card,
        version=version,
        trunk_version=given.trunk or (version if is_trunk else card.trunk_version),
        input_size=given.size or card.input_size,
        temperature=1.0 if is_trunk else card.temperature * given.temperature,
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="+", metavar="MODEL=FROM:TO")
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--temperature", type=float, default=1.5)
    parser.add_argument("--trunk", type=int, help="the trunk that they name")
    parser.add_argument("--size", type=int, help="the input size that they name")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
