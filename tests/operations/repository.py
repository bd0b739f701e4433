"""A model repository for tests: manifests and configurations, no weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from dupi.vision import contract as names
from dupi.vision.contract import MANIFEST_FILE, Manifest


def publish(
    repository: Path, versions: Mapping[str, int], *, trunk: int = 1, input_size: int = 160
) -> None:
    """A manifest and a configuration for each model; nobody loads them here."""
    for model, version in versions.items():
        folder = repository / model / str(version)
        folder.mkdir(parents=True)
        own_trunk = version if model == names.TRUNK else trunk
        threshold = None if model == names.TRUNK else 0.4
        manifest = Manifest(
            model, version, own_trunk, input_size, threshold, "test data", "2026-01-01"
        )
        written = asdict(manifest) | {"written_by_a_later_exporter": True}
        (folder / MANIFEST_FILE).write_text(json.dumps(written))
        (repository / model / "config.pbtxt").write_text(f'name: "{model}"\nmax_batch_size: 8\n')
