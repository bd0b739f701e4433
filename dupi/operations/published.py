"""What has been published into the model repository, read from its folder."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from dupi.errors import NotFound, Unavailable
from dupi.logs import get_logger
from dupi.vision import contract as names
from dupi.vision.contract import MANIFEST_FILE, Manifest

log = get_logger(__name__)


class MixedTrunks(Exception):
    """Heads that were trained on another trunk than the one that would feed them."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A published version whose manifest says nothing, or something else."""

    version: int
    why: str
    written_at: datetime


def newest_published(repository: Path) -> dict[str, Manifest]:
    """The highest published version of every component.

    Raises Unavailable where one has none, MixedTrunks where the heads do not fit the trunk.
    """
    newest = {model: _newest(repository, model) for model in names.COMPONENTS}
    refuse_mixed_trunks(newest)
    return newest


def all_published(repository: Path) -> dict[str, list[Manifest | Unreadable]]:
    """Every version of every component, the newest first."""
    return {
        model: sorted(_published(repository, model), key=lambda found: found.version, reverse=True)
        for model in names.COMPONENTS
    }


def read_manifest(repository: Path, model: str, version: int) -> Manifest:
    """Raises NotFound where this version is not published, or its manifest says something else."""
    try:
        text = (repository / model / str(version) / MANIFEST_FILE).read_text(encoding="utf-8")
        manifest = _parsed(text)
        datetime.fromisoformat(manifest.published_at)
    except (OSError, ValueError, TypeError) as missing:
        raise NotFound(f"{model} {version} is not published: {missing!r}") from missing
    if (manifest.model, manifest.version) != (model, version):
        raise NotFound(f"{model} {version} says that it is {manifest.model} {manifest.version}")
    return manifest


def refuse_mixed_trunks(manifests: Mapping[str, Manifest]) -> None:
    """Raises MixedTrunks, naming the heads that do not fit."""
    trunk = manifests[names.TRUNK].version
    strangers = [name for name, manifest in manifests.items() if manifest.trunk_version != trunk]
    if strangers:
        raise MixedTrunks(f"not trained on {names.TRUNK} {trunk}: {', '.join(strangers)}")


def _newest(repository: Path, model: str) -> Manifest:
    versions = _versions(repository / model)
    if not versions:
        raise Unavailable(f"no version of {model} is published", reason="models")
    return read_manifest(repository, model, max(versions))


def _versions(folder: Path) -> list[int]:
    return [
        int(path.parent.name)
        for path in folder.glob(f"*/{MANIFEST_FILE}")
        if path.parent.name.isdigit()
    ]


def _published(repository: Path, model: str) -> Iterator[Manifest | Unreadable]:
    for version in _versions(repository / model):
        try:
            yield read_manifest(repository, model, version)
        except NotFound as broken:
            log.warning("manifest_unreadable", model=model, version=version, error=str(broken))
            yield _unreadable(repository / model / str(version) / MANIFEST_FILE, version, broken)


def _unreadable(file: Path, version: int, broken: NotFound) -> Unreadable:
    why = f"its manifest cannot be read: {broken.__cause__ or broken}"
    try:
        written_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        written_at = datetime.now(UTC)
    return Unreadable(version, why, written_at)


def _parsed(text: str) -> Manifest:
    """Fields of a later exporter are left out, those of a later reader take their defaults."""
    written = json.loads(text)
    if not isinstance(written, dict):
        raise ValueError("it is no table")  # noqa: TRY004
    known = {field.name for field in fields(Manifest)}
    return Manifest(**{name: value for name, value in written.items() if name in known})
