"""Layouts beside the shared trunk, the precision, and release of what can be served."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from export.data.items import Split
from export.metrics import answers, predict
from export.network import ScalpNetwork, probabilities
from export.release import Known, describe, release_run
from export.train import fit
from export.training.checkpoints import BEST, read_best, save_best
from export.training.devices import autocast, open_device, precision_on
from export.training.layouts import Combined, Training, load_run, trainings
from export.training.origin import OtherData, Start
from export.weights_file import digest, read_card
from export.wrap import served_module
from tests.export.training.tiny import some_data, some_photos, tiny

pytestmark = pytest.mark.ml

DATA = some_data()
CPU = torch.device("cpu")
PHOTOS = torch.from_numpy(some_photos(5).photos)


def network(seed: int, link: str = "corn", *conditions: Condition) -> ScalpNetwork:
    torch.manual_seed(seed)
    return ScalpNetwork(tiny().backbone, link, conditions or Condition).eval()


@torch.inference_mode()
def test_an_ensemble_averages_probabilities() -> None:
    members = [network(1, "corn"), network(2, "softmax")]
    logits, domain = Combined(members)(PHOTOS)
    single = [member(PHOTOS) for member in members]
    graded = [probabilities(s[0], m.link) for s, m in zip(single, members, strict=True)]
    assert torch.allclose(probabilities(logits, "softmax"), sum(graded) / 2, atol=1e-4)
    assert torch.allclose(domain.sigmoid(), sum(torch.sigmoid(s[1]) for s in single) / 2, atol=1e-4)


@torch.inference_mode()
def test_one_model_a_condition_answers_in_the_order_of_the_conditions() -> None:
    members = [network(n, "corn", condition) for n, condition in enumerate(Condition)]
    packed = some_photos(5)
    graded = answers(predict(Combined(members[::-1]), packed))
    for column, member in enumerate(members):
        wanted = probabilities(member(PHOTOS)[0], "corn")[:, 0]
        assert torch.allclose(graded[:, column], wanted, atol=1e-4)


def test_layouts_are_trained_into_folders_of_their_own() -> None:
    folder = Path("run")
    assert trainings(tiny(), folder)[0].folder == folder
    each = trainings(tiny(layout="per_condition"), folder)
    assert [t.conditions for t in each] == [(condition,) for condition in Condition]
    assert each[0].folder == folder / "fine_scaling"
    members = [{"seed": 3, "backbone": {"name": "resnet18"}}, {"seed": 4}]
    two = trainings(tiny(layout="ensemble", members=members), folder)
    assert [t.recipe.backbone.name for t in two] == ["resnet18", "multi_depth_b0"]
    assert [t.recipe.seed for t in two] == [3, 4]


def test_a_run_begins_from_another_runs_weights(tmp_path: Path) -> None:
    other = network(9)
    save_best(tmp_path / "start.safetensors", other, {})
    recipe = tiny(optimiser__learning_rate=1e-12, average_decay=0.0)
    fit(Training(tmp_path / "run", recipe), DATA, Start(weights=tmp_path / "start.safetensors"))
    found = dict(read_best(tmp_path / "run" / BEST).named_parameters())
    assert all(torch.allclose(found[n], p, atol=1e-6) for n, p in other.named_parameters())


def test_a_released_run_is_served_at_its_size_with_its_backbone_and_link(tmp_path: Path) -> None:
    fit(Training(tmp_path / "run", tiny(loss__name="cross_entropy")), DATA)
    paths = release_run(tmp_path / "run", DATA, 4, tmp_path / "weights", Known("photos of noise"))
    cards = {card.model: card for card in map(read_card, paths)}
    assert set(cards) == set(contract.COMPONENTS)
    assert {card.data_sha256 for card in cards.values()} == {DATA[Split.TRAINING].data_sha256}
    assert {card.trained_on for card in cards.values()} == {"11 photos of noise"}
    assert {card.link for card in cards.values()} == {"softmax"}
    assert cards[contract.TRUNK].backbone["name"] == "small_cnn"
    modules = {card.model: module for card, module in map(served_module, paths)}
    features = modules[contract.TRUNK](PHOTOS)[0]
    trained = read_best(tmp_path / "run" / BEST)
    for column, condition in enumerate(Condition):
        name = contract.head_name(condition)
        logits = trained(PHOTOS)[0][:, column] / cards[name].temperature
        wanted = probabilities(logits, "softmax")
        assert torch.allclose(modules[name](features)[0], wanted, atol=0.02)


def test_only_one_trunk_on_its_own_photos_is_released(tmp_path: Path) -> None:
    recipe = tiny(layout="per_condition", conditions=["DANDRUFF"], steps_an_epoch=1)
    for training in trainings(recipe, tmp_path / "each"):
        fit(training, DATA)
    with pytest.raises(ValueError, match="several trunks, which are judged and not served"):
        release_run(tmp_path / "each", DATA, 1, tmp_path)
    with pytest.raises(FileNotFoundError):
        load_run(tmp_path / "nothing")
    others = {split: some_photos(count=10) for split in Split}
    with pytest.raises(OtherData, match="other photos"):
        release_run(tmp_path / "each" / "dandruff", others, 1, tmp_path)


def test_photos_that_are_split_or_labelled_otherwise_calibrate_no_run(tmp_path: Path) -> None:
    """Regression: of the same photos, another split calibrates on those of the training."""
    recipe = tiny(steps_an_epoch=1, phases=[{"size": 64, "epochs": 1}])
    fit(Training(tmp_path / "run", recipe), DATA)
    by_device = {s: dataclasses.replace(part, split_by="device") for s, part in DATA.items()}
    relabelled = {s: dataclasses.replace(part, split_sha256="other") for s, part in DATA.items()}
    for others in (by_device, relabelled):
        with pytest.raises(OtherData, match="split or labelled otherwise"):
            release_run(tmp_path / "run", others, 1, tmp_path / "weights")


def test_a_card_names_the_weights_that_the_run_began_from(tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    save_best(start, network(9), {})
    recipe = tiny(steps_an_epoch=1, phases=[{"size": 64, "epochs": 1}])
    fit(Training(tmp_path / "run", recipe), DATA, Start(weights=start))
    path, *_ = release_run(
        tmp_path / "run", DATA, 1, tmp_path / "weights", Known("photos of noise")
    )
    begun = f"11 photos of noise, begun from weights with the sha256 {digest(start)}"
    assert read_card(path).trained_on == begun


def test_a_card_names_the_sources_of_the_photos() -> None:
    sources = np.array(["a clinic"] * 3 + ["a museum (CC0)"] * 8 + [""])
    packed = dataclasses.replace(some_photos(12), sources=sources)
    assert describe(packed) == "8 photos from a museum (CC0); 3 photos from a clinic"


def test_precision_is_what_the_hardware_is_quick_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for feature, wanted in (("avx512_bf16", "bf16"), ("amx_bf16", "bf16"), ("avx2", "fp32")):
        found = {feature: True}
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda found=found: found)
        assert precision_on(CPU, "auto") == wanted
    assert precision_on(CPU, "bf16") == "bf16"
    with pytest.raises(ValueError, match="fp16 is for GPUs"):
        precision_on(CPU, "fp16")
    for has_bf16, wanted in ((True, "bf16"), (False, "fp16")):
        monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda has=has_bf16: has)
        assert precision_on(torch.device("cuda"), "auto") == wanted


def test_a_run_in_bf16_computes_in_it_and_keeps_fp32_weights(tmp_path: Path) -> None:
    recipe = tiny(precision="bf16", phases=[{"size": 32, "epochs": 1}])
    with autocast(CPU, "bf16"):
        assert network(1).trunk(PHOTOS).dtype is torch.bfloat16
    (line,) = fit(Training(tmp_path, recipe), DATA)
    assert 0 < line["loss"] < 5
    assert {p.dtype for p in read_best(tmp_path / BEST).parameters()} == {torch.float32}


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_the_device_is_found(device: Any) -> None:
    wanted = "cuda" if device == "auto" and torch.cuda.is_available() else "cpu"
    assert open_device(tiny(device=device)).type == wanted
    assert torch.get_num_threads() == 1
