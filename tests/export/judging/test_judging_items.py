"""Which photos judge, and a training run judged by them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dupi.knowledge.vocabulary import Condition
from export import evaluate
from export.data.drawing.sampling import Purpose
from export.data.items import Item, Split, data_digest, split_digest
from export.data.splits import SplitBy, split_items
from export.data.synthetic import write_dataset
from export.evaluate import judging_items
from export.judging.answers import MixedTrunks, Published
from export.judging.trained import Trained
from export.train import fit
from export.training.layouts import Training, trainings
from tests.export.data.making import item
from tests.export.training.tiny import some_data, tiny
from tests.support.models import newest_version

pytestmark = pytest.mark.ml

MODELS = Path(__file__).parents[3] / "model_repository"
DATA = some_data()
ONE_EPOCH: dict[str, Any] = {"steps_an_epoch": 1, "phases": [{"size": 64, "epochs": 1}]}


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return [item(n, group=f"s{n // 3}", device=f"d{n // 15}") for n in range(300)]


@pytest.fixture
def models(items: list[Item]) -> Published:
    """As they would be, had they been trained on ``items``."""
    found = Published(MODELS)
    for name, manifest in found.manifests.items():
        found.manifests[name] = replace(manifest, data_sha256=data_digest(items))
    return found


def test_of_a_set_that_was_trained_on_the_test_split_alone_judges(
    items: list[Item], models: Published
) -> None:
    """Regression: all photos of the folder judged, those of the training among them."""
    chosen = judging_items(items, models, by=SplitBy.DEVICE, whole=False)
    assert list(chosen) == split_items(items, SplitBy.DEVICE)[Split.TEST]
    with pytest.raises(ValueError, match="trained on these photos"):
        judging_items(items, models, by=SplitBy.SESSION, whole=True)
    assert judging_items(items[:30], models, by=SplitBy.SESSION, whole=True) == items[:30]
    with pytest.raises(ValueError, match="no photos in the test split"):
        judging_items(items[:3], models, by=SplitBy.SESSION, whole=False)


def test_a_run_is_judged_by_the_split_that_it_was_trained_by(
    items: list[Item], tmp_path: Path
) -> None:
    split = split_digest(split_items(items, SplitBy.DEVICE))
    data = {s: replace(part, data_sha256=data_digest(items), split_sha256=split)
            for s, part in DATA.items()}  # fmt: skip
    fit(Training(tmp_path, tiny(**ONE_EPOCH)), data)
    assert judging_items(items, Trained(tmp_path), by=SplitBy.DEVICE, whole=False)
    with pytest.raises(ValueError, match="split or labelled these photos otherwise"):
        judging_items(items, Trained(tmp_path), by=SplitBy.SESSION, whole=False)


def test_a_run_of_several_trunks_is_judged_by_the_command(tmp_path: Path) -> None:
    """Regression: what is judged and not served could not be judged either."""
    parts = trainings(tiny(layout="per_condition", **ONE_EPOCH), tmp_path / "run")
    for training in parts:
        fit(training, DATA)
    write_dataset(tmp_path / "drawn", count=4, seed=5, purpose=Purpose.TEST, strangers=1)
    names = (("--run", "run"), ("--data", "drawn"), ("--out", "out"))
    given = [text for name, folder in names for text in (name, str(tmp_path / folder))]
    evaluate.run(evaluate.parser().parse_args([*given, "--whole", "--replicates", "5"]))
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["graded"]["photos"] == 4
    assert set(report["graded"]["scores"]) == {*Condition, "OVERALL"}
    assert len(report["origins"]) == len(parts)
    card = (tmp_path / "out" / "card.md").read_text(encoding="utf-8")
    assert f"recipe `tiny` ({len(parts)} trunks)" in card
    assert "nothing abstains" in card


def test_a_run_that_grades_one_condition_is_not_judged(tmp_path: Path) -> None:
    fit(Training(tmp_path, tiny(**ONE_EPOCH), (Condition.DANDRUFF,)), DATA)
    with pytest.raises(ValueError, match=r"does not grade .*HAIR_LOSS"):
        Trained(tmp_path)


def test_versions_of_two_trunks_are_not_judged_together(tmp_path: Path) -> None:
    for folder in MODELS.iterdir():
        (tmp_path / folder.name).mkdir()
        for version in (path for path in folder.iterdir() if path.name.isdigit()):
            (tmp_path / folder.name / version.name).symlink_to(version)
    newest = newest_version(MODELS, "severity_dandruff")
    newer = tmp_path / "severity_dandruff" / "9"
    newer.mkdir()
    for file in (MODELS / "severity_dandruff" / str(newest)).iterdir():
        (newer / file.name).symlink_to(file)
    manifest = newer / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8")) | {"version": 9, "trunk_version": 9}
    manifest.unlink()
    manifest.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(MixedTrunks, match="severity_dandruff 9 is of trunk 9; the trunk is"):
        Published(tmp_path)
    given = evaluate.parser().parse_args(
        ["--repository", str(tmp_path), "--data", "d", "--versions", f"severity_dandruff={newest}"]
    )
    published = Published(tmp_path, dict(given.versions))
    assert published.manifests["severity_dandruff"].version == newest
    with pytest.raises(SystemExit):
        evaluate.parser().parse_args(
            ["--repository", "r", "--data", "d", "--versions", "no_model=1"]
        )
