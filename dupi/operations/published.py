"""What has been published into the model repository, read from its folder."""

import json
from dataclasses import fields
from pathlib import Path

from dupi.errors import Unavailable
from dupi.vision import contract as names
from dupi.vision.contract import MANIFEST_FILE, Manifest


class MixedTrunks(Exception):
    """Heads that were trained on another trunk than the one that would feed them."""


def newest_published(repository: Path) -> dict[str, Manifest]:
    """The highest published version of every component.

    Raises Unavailable where one has none, MixedTrunks where the heads do not fit the trunk.
    """
    newest = {model: _newest(repository / model) for model in names.COMPONENTS}
    refuse_mixed_trunks(newest)
    return newest


def refuse_mixed_trunks(manifests: dict[str, Manifest]) -> None:
    """Raises MixedTrunks, naming the heads that do not fit."""
    trunk = manifests[names.TRUNK].version
    strangers = [name for name, manifest in manifests.items() if manifest.trunk_version != trunk]
    if strangers:
        raise MixedTrunks(f"not trained on {names.TRUNK} {trunk}: {', '.join(strangers)}")


def _newest(folder: Path) -> Manifest:
    versions = [
        int(path.parent.name)
        for path in folder.glob(f"*/{MANIFEST_FILE}")
        if path.parent.name.isdigit()
    ]
    if not versions:
        raise Unavailable(f"no version of {folder.name} is published", reason="models")
    text = (folder / str(max(versions)) / MANIFEST_FILE).read_text(encoding="utf-8")
    written = json.loads(text)
    known = {field.name for field in fields(Manifest)}
    return Manifest(**{name: value for name, value in written.items() if name in known})
