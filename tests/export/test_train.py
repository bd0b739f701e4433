"""A training from its first step to the files that it leaves, on photos of noise."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.data.items import Packed, Split
from export.metrics import Predicted, confusion, exact_share, macro_f1, quadratic_kappa
from export.network import ScalpNetwork
from export.refine import Cells, Settings, refine
from export.train import fit
from export.training.checkpoints import (
    BEST,
    CHECKPOINT,
    OtherRun,
    read_best,
    read_origin,
    save_best,
)
from export.training.layouts import Training
from export.training.origin import Start
from export.training.run import Run
from export.training.validation import validate
from tests.export.training.tiny import some_data, some_photos, tiny

pytestmark = pytest.mark.ml

DATA = some_data()


class Cut(Exception):
    """The process ends here."""


def cut_after(epoch: int) -> Any:
    def watch(line: dict[str, float]) -> None:
        if line["epoch"] == epoch:
            raise Cut

    return watch


def weights(folder: Path) -> dict[str, torch.Tensor]:
    state = torch.load(folder / CHECKPOINT, weights_only=True)
    return {**state["network"], **{f"average.{n}": v for n, v in state["average"].items()}}


@pytest.mark.parametrize(
    "values",
    [
        {"rare_grades": 0.5, "augmentation__noise": 0.1, "schedule__name": "one_cycle"},
        {"optimiser__name": "sgd", "schedule__name": "plateau", "accumulate": 2},
        {"loss__extent_weight": 1.0, "augmentation__rotation": 10},
    ],
)
def test_a_run_that_was_cut_ends_as_one_that_was_not(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    recipe = tiny(**values)
    whole = fit(Training(tmp_path / "whole", recipe), DATA)
    with pytest.raises(Cut):
        fit(Training(tmp_path / "cut", recipe), DATA, watch=cut_after(1))
    torch.manual_seed(99)
    assert fit(Training(tmp_path / "cut", recipe), DATA) == whole
    found, wanted = weights(tmp_path / "cut"), weights(tmp_path / "whole")
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert read_origin(tmp_path / "cut" / BEST) == read_origin(tmp_path / "whole" / BEST)
    text = (tmp_path / "cut" / "progress.jsonl").read_text()
    assert [json.loads(line) for line in text.splitlines()] == whole


def test_a_run_says_where_it_comes_from_and_is_read_back(tmp_path: Path) -> None:
    recipe = tiny(loss__name="coral", seed=5)
    fit(Training(tmp_path, recipe), DATA)
    origin = read_origin(tmp_path / BEST)
    assert origin["recipe"] == recipe.model_dump(mode="json")
    assert origin["data_sha256"] == DATA[Split.TRAINING].data_sha256
    assert origin["seed"] == 5
    assert origin["code"].startswith("0.1.0+")
    assert origin["libraries"]["torch"] == torch.__version__
    network = read_best(tmp_path / BEST)
    assert network.link == "coral"
    assert network.trunk(torch.zeros(1, 64, 64, 3, dtype=torch.uint8)).shape == (1, 192, 4, 4)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    fit(Training(tmp_path, tiny()), DATA)
    with pytest.raises(OtherRun, match="another recipe"):
        fit(Training(tmp_path, tiny(seed=2)), DATA)
    others = {split: some_photos(count=10) for split in Split}
    with pytest.raises(OtherRun, match="another data_sha256"):
        fit(Training(tmp_path, tiny()), others)
    by_device = {s: replace(part, split_by="device") for s, part in DATA.items()}
    with pytest.raises(OtherRun, match="another split_by"):
        fit(Training(tmp_path, tiny()), by_device)
    relabelled = {s: replace(part, split_sha256="other") for s, part in DATA.items()}
    with pytest.raises(OtherRun, match="another split_sha256"):
        fit(Training(tmp_path, tiny()), relabelled)
    with pytest.raises(OtherRun, match="another start_sha256"):
        fit(Training(tmp_path, tiny()), DATA, Start(weights=tmp_path / BEST))
    (tmp_path / "pretrained").mkdir()
    with pytest.raises(OtherRun, match="another pretrained_sha256"):
        fit(Training(tmp_path, tiny()), DATA, Start(pretrained=tmp_path / "pretrained"))


def test_a_run_learns_and_keeps_its_best_epoch(tmp_path: Path) -> None:
    recipe = tiny(
        steps_an_epoch=12, average_decay=0.5, schedule__name="constant",
        phases=[{"size": 32, "epochs": 3}], optimiser__learning_rate=5e-3,
    )  # fmt: skip
    data = {split: some_photos(40, seed=seed, side=32) for seed, split in enumerate(Split)}
    lines = fit(Training(tmp_path, recipe), data)
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert max(line["INTERFOLLICULAR_ERYTHEMA"] for line in lines) > 0.6
    best = max(lines, key=lambda line: line["qwk"])
    run = Run(Training(tmp_path, recipe), data[Split.TRAINING])
    again = validate(read_best(tmp_path / BEST), data[Split.VALIDATION], run.loss, run.columns)
    assert again["qwk"] == pytest.approx(best["qwk"], abs=2e-3)


def test_a_run_is_told_where_conditions_lie_and_its_weights_grade_without(tmp_path: Path) -> None:
    """What tells extents is trained, kept for resuming, and is not in what is served."""
    recipe = tiny(loss__extent_weight=1.0)
    run = Run(Training(tmp_path, recipe), DATA[Split.TRAINING])
    before = run.network.extents.weight.detach().clone()
    fit(Training(tmp_path, recipe), DATA)
    after = weights(tmp_path)["extents.weight"]
    assert not torch.equal(before, after)
    served = read_best(tmp_path / BEST)
    assert not any(name.startswith("extents") for name in served.state_dict())
    assert "extents.weight" not in weights_without(tmp_path)


def weights_without(tmp_path: Path) -> dict[str, torch.Tensor]:
    """Of the same training that is not told."""
    fit(Training(tmp_path / "without", tiny()), DATA)
    return weights(tmp_path / "without")


def test_accumulated_batches_are_one_step_of_their_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.nn.Dropout.forward", lambda _, x: x)
    rows = np.arange(4)
    values = {"optimiser__name": "sgd", "augmentation": {"flips": False}}
    recipe = tiny(phases=[{"size": 32, "epochs": 1}], **values)
    for name, step in (("once", [rows]), ("twice", [rows, rows])):
        monkeypatch.setattr("export.train.epoch_rows", lambda *_, step=step: [step])
        fit(Training(tmp_path / name, recipe), DATA)
    once, twice = (
        dict(read_best(tmp_path / n / BEST).named_parameters()) for n in ("once", "twice")
    )
    fresh = Run(Training(tmp_path, recipe), DATA[Split.TRAINING]).network
    assert all(torch.allclose(twice[name], once[name], atol=1e-6) for name in once)
    assert any(not torch.equal(p, once[name]) for name, p in fresh.named_parameters())


def test_a_run_that_gets_no_better_is_stopped(tmp_path: Path) -> None:
    recipe = tiny(
        stopping={"figure": "loss", "patience": 2}, steps_an_epoch=1,
        optimiser__learning_rate=1e-12, phases=[{"size": 32, "epochs": 9}],
        average_decay=0.0, backbone={"name": "vit_small", "width": 0.17, "depth": 0.1},
    )  # fmt: skip
    assert len(fit(Training(tmp_path, recipe), DATA)) == 3


def test_photos_of_one_grade_alone_can_be_validated_and_none_cannot(tmp_path: Path) -> None:
    photos = some_photos(8)
    plain = Packed(photos.photos, np.zeros_like(photos.grades), data_sha256="plain")
    recipe = tiny(steps_an_epoch=1, phases=[{"size": 32, "epochs": 1}])
    (line,) = fit(Training(tmp_path / "plain", recipe), {**DATA, Split.VALIDATION: plain})
    assert (line["qwk"], line["DANDRUFF"]) == (0.0, 0.0)
    empty = Packed(photos.photos[:0], photos.grades[:0])
    with pytest.raises(ValueError, match="no photos in the validation split"):
        fit(Training(tmp_path / "empty", recipe), {**DATA, Split.VALIDATION: empty})


def test_neither_calibration_nor_test_is_looked_at_in_training(tmp_path: Path) -> None:
    """Regression: the photos that choose the best epoch are not those that calibrate it."""
    data = {split: DATA[split] for split in (Split.TRAINING, Split.VALIDATION)}
    recipe = tiny(steps_an_epoch=1, phases=[{"size": 32, "epochs": 1}])
    assert len(fit(Training(tmp_path, recipe), data)) == 1


def test_weights_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = ScalpNetwork(tiny().backbone)
    save_best(tmp_path / BEST, network, {"from": "the first epoch"})

    def cut(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half")
        raise Cut

    monkeypatch.setattr("export.training.checkpoints.save_file", cut)
    with pytest.raises(Cut):
        save_best(tmp_path / BEST, network, {"from": "the second"})
    assert read_origin(tmp_path / BEST) == {"from": "the first epoch"}


def sure_answers(packed: Packed, sharpness: float) -> Predicted:
    grades = torch.from_numpy(packed.grades)
    logits = ((grades[..., None] > torch.arange(3)).float() - 0.5) * sharpness
    return Predicted(logits, (grades[:, 0] >= 0).float() * 2 - 1)


def test_right_answers_score_one() -> None:
    packed = some_photos(40)
    assert set(exact_share(sure_answers(packed, 9), packed).values()) == {1.0}
    counts = confusion(packed.grades[:-1, 0], packed.grades[:-1, 0])
    assert quadratic_kappa(counts) == macro_f1(counts) == 1.0
    assert quadratic_kappa(np.array([[0, 9], [9, 0]]).repeat(2, 0).repeat(2, 1)) < 0.1


def test_refining_leaves_the_backbone_alone() -> None:
    network = ScalpNetwork(tiny().backbone)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    channels = before["trunk.join.0.weight"].shape[0]
    cells = Cells(torch.randn(20, channels, 2, 2).half(), torch.from_numpy(some_photos(20).grades))
    after = refine(network, cells, Settings(steps=3)).state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith(("trunk.join.", "heads.", "domain.")) for name in changed)
