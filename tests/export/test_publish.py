import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from dupi.vision.contract import MANIFEST_FILE, Manifest
from export import publish as publishing
from export.__main__ import main as command
from export.network import Head, Trunk, severity_head
from export.publish import (
    MODEL_FILE,
    AlreadyPublished,
    NotWhatItSays,
    TooLarge,
    TrunkMissing,
    publish,
    publish_all,
)
from export.verify import ParityError, check_parity, record
from export.weights_file import Card, read_card, save_weights
from export.wrap import compile_module, load_compiled, save_compiled, served_module

pytestmark = pytest.mark.ml

HEAD = contract.head_name(Condition.DANDRUFF)
NEW = {"data_sha256", "link", "backbone"}


def card(model: str = HEAD, version: int = 1) -> Card:
    return Card(model, version, 1, 64, 1.3, 0.4, "nothing: a test")


@pytest.fixture(autouse=True)
def trunk(tmp_path: Path) -> Path:
    """Stands in for the published trunk: heads ask only whether it is there."""
    folder = tmp_path / "repository" / contract.TRUNK / "1"
    folder.mkdir(parents=True)
    (folder / MANIFEST_FILE).write_text("{}")
    return folder


def save_head(folder: Path, *, seed: int = 1, version: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    torch.manual_seed(seed)
    return save_weights(folder, card(version=version), Head(3))


def test_weights_say_what_they_are(tmp_path: Path) -> None:
    path = save_head(tmp_path)
    assert path.name == f"{HEAD}-1.safetensors"
    assert read_card(path) == card()
    assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}
    with pytest.raises(ValueError, match="says that it is"):
        read_card(path.rename(tmp_path / f"{HEAD}-2.safetensors"))


def test_weights_from_before_the_data_hash_are_read(tmp_path: Path) -> None:
    old = {name: value for name, value in asdict(card()).items() if name not in NEW}
    path = tmp_path / card().file_name
    save_file(Head(3).state_dict(), path, metadata={"dupi_card": json.dumps(old)})
    assert read_card(path) == replace(card(), data_sha256="", link="corn")


def test_the_data_hash_and_the_link_are_published(tmp_path: Path) -> None:
    described = replace(card(), data_sha256="12ab", link="softmax")
    head = severity_head("softmax")
    folder = publish(save_weights(tmp_path, described, head), tmp_path / "repository")
    assert folder is not None
    manifest = Manifest(**json.loads((folder / MANIFEST_FILE).read_text()))
    assert (manifest.data_sha256, manifest.link) == ("12ab", "softmax")


def test_a_published_version_is_whole_and_says_about_itself(tmp_path: Path) -> None:
    folder = publish(save_head(tmp_path / "weights"), tmp_path / "repository")
    assert folder == tmp_path / "repository" / HEAD / "1"
    assert {path.name for path in folder.iterdir()} == {MODEL_FILE, MANIFEST_FILE}
    manifest = Manifest(**json.loads((folder / MANIFEST_FILE).read_text()))
    assert (manifest.model, manifest.version, manifest.trunk_version) == (HEAD, 1, 1)
    assert (manifest.input_size, manifest.abstain_below) == (64, 0.4)
    features = torch.randn(2, contract.FEATURE_CHANNELS, 4, 4)
    _, eager = served_module(tmp_path / "weights" / f"{HEAD}-1.safetensors")
    for ours, theirs in zip(
        eager(features), load_compiled(folder / MODEL_FILE)(features), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    weights, repository = tmp_path / "weights", tmp_path / "repository"
    save_head(weights)
    (folder,) = publish_all(repository, weights)
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    save_head(weights, seed=2, version=2)
    assert publish_all(repository, weights) == [repository / HEAD / "2"]
    assert publish_all(repository, weights) == []
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    assert (repository / contract.ENSEMBLE / "1").is_dir()


def test_a_version_never_changes(tmp_path: Path) -> None:
    publish(save_head(tmp_path / "weights"), tmp_path / "repository")
    with pytest.raises(AlreadyPublished, match="Give the new weights a new version"):
        publish(save_head(tmp_path / "weights", seed=2), tmp_path / "repository")


def test_a_head_needs_its_trunk(tmp_path: Path, trunk: Path) -> None:
    (trunk / MANIFEST_FILE).unlink()
    with pytest.raises(TrunkMissing, match="publish that one first"):
        publish(save_head(tmp_path / "weights"), tmp_path / "repository")
    assert not (tmp_path / "repository" / HEAD).exists()


def test_a_file_that_is_too_large_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = save_head(tmp_path / "weights")
    monkeypatch.setattr(publishing, "MAX_BYTES", weights.stat().st_size - 1)
    monkeypatch.delattr(publishing, "read_card")
    with pytest.raises(TooLarge):
        publish(weights, tmp_path / "repository")


def test_what_is_not_what_it_says_is_refused(tmp_path: Path) -> None:
    damaged = save_head(tmp_path / "weights")
    damaged.write_bytes(damaged.read_bytes()[:100])
    other = save_weights(tmp_path, replace(card(), version=2), torch.nn.Linear(2, 2))
    strange = save_weights(tmp_path, replace(card(contract.TRUNK), version=3), Head(3))
    for file in (damaged, other, strange):
        with pytest.raises(NotWhatItSays):
            publish(file, tmp_path / "repository")
    assert not list((tmp_path / "repository").glob("*/*/*.pt"))


def test_the_command_publishes_trunks_before_their_heads(
    tmp_path: Path, trunk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (trunk / MANIFEST_FILE).unlink()
    trunk.rmdir()
    weights, repository = tmp_path / "weights", tmp_path / "repository"
    arguments = ["publish", str(save_head(weights)), "--repository", str(repository)]
    assert status(arguments) == 1
    assert "publish that one first" in capsys.readouterr().out
    save_weights(weights, card(contract.TRUNK), Trunk())
    arguments = ["publish", "--weights", str(weights), "--repository", str(repository)]
    assert status(arguments) == 0
    assert {path.parent.parent.name for path in repository.glob("*/1/model.pt")} == {
        HEAD,
        contract.TRUNK,
    }
    assert status(["nonsense"]) == 2


def status(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        command(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_failed_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(*_: object) -> float:
        raise ParityError("outputs differ")

    monkeypatch.setattr(publishing, "check_parity", differ)
    weights = save_head(tmp_path / "weights")
    with pytest.raises(ParityError):
        publish(weights, tmp_path / "repository")
    assert not list((tmp_path / "repository" / HEAD).iterdir())
    assert not list(tmp_path.glob(".publishing-*"))
    monkeypatch.undo()
    assert publish(weights, tmp_path / "repository")


def test_parity_notices_altered_weights(tmp_path: Path) -> None:
    path = save_head(tmp_path / "weights")
    described, module = served_module(path)
    recorded = record(described, module)
    artefact = tmp_path / MODEL_FILE
    save_compiled(compile_module(described, module), artefact)
    assert check_parity(recorded, artefact) < 1e-4
    with torch.no_grad():
        next(module.parameters()).mul_(1.05)
    save_compiled(compile_module(described, module), artefact)
    with pytest.raises(ParityError, match="differ by"):
        check_parity(recorded, artefact)


def test_parity_notices_another_version(tmp_path: Path) -> None:
    described, module = served_module(save_head(tmp_path / "weights"))
    recorded = record(described, module)
    module.version += 1
    save_compiled(compile_module(described, module), tmp_path / MODEL_FILE)
    with pytest.raises(ParityError):
        check_parity(recorded, tmp_path / MODEL_FILE)


def test_the_trunk_is_published_too(tmp_path: Path) -> None:
    weights = save_weights(tmp_path, card(contract.TRUNK), Trunk())
    folder = publish(weights, tmp_path / "empty")
    assert folder is not None
    features, same, version = load_compiled(folder / MODEL_FILE)(
        torch.zeros(3, 64, 64, 3, dtype=torch.uint8)
    )
    assert features.shape == (3, contract.FEATURE_CHANNELS, 4, 4)
    assert torch.equal(features, same)
    assert version.tolist() == [[1]] * 3
