"""Every backbone behind the trunk's seam: same features, served as it was trained."""

from pathlib import Path
from typing import get_args

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import ResNetConfig, ResNetForImageClassification, ResNetModel

from dupi.vision import contract
from export.network import ScalpNetwork, Trunk
from export.recipe import Backbone
from export.training.backbones import build_backbone
from export.training.pretrained import load_pretrained
from export.verify import check_parity, record
from export.weights_file import Card, save_weights
from export.wrap import compile_module, save_compiled, served_module

pytestmark = pytest.mark.ml

NAMES = get_args(Backbone.model_fields["name"].annotation)
KINDS = ("multi_depth_b0", "small_cnn", "resnet18", "densenet121", "vit_small", "convnext_v2",
         "efficientnet_b1")  # fmt: skip


def small(name: str) -> Backbone:
    return Backbone.model_validate({"name": name, "width": 0.15, "depth": 0.1})


@pytest.mark.parametrize("name", NAMES)
def test_features_are_the_contracts_and_all_of_it_learns(name: str) -> None:
    torch.manual_seed(1)
    trunk = Trunk(small(name))
    features = trunk(torch.randint(0, 256, (2, 96, 96, 3), dtype=torch.uint8))
    assert features.shape == (2, contract.FEATURE_CHANNELS, 6, 6)
    assert bool(features.isfinite().all())
    (features * torch.randn_like(features)).sum().backward()
    idle = [n for n, p in trunk.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


@pytest.mark.parametrize("name", ["vit_small", "resnet18", "efficientnet_b7", "densenet121"])
def test_any_size_gives_a_cell_for_each_sixteen_pixels(name: str) -> None:
    trunk = Trunk(small(name)).eval()
    assert trunk(torch.zeros(1, 88, 88, 3, dtype=torch.uint8)).shape[2:] == (5, 5)


@pytest.mark.parametrize("name", ["small_cnn", "multi_depth_b0"])
def test_those_that_join_depths_take_any_size_in_sixteens(name: str) -> None:
    trunk = Trunk(small(name)).eval()
    assert trunk(torch.zeros(1, 80, 80, 3, dtype=torch.uint8)).shape[2:] == (5, 5)


@pytest.mark.parametrize("name", KINDS)
def test_any_trunk_is_served_as_it_was_trained(name: str, tmp_path: Path) -> None:
    backbone = small(name)
    torch.manual_seed(1)
    card = Card(
        contract.TRUNK, 3, 3, 64, 1.0, None, "", backbone=backbone.model_dump(exclude_defaults=True)
    )
    trunk = Trunk(backbone).eval()
    described, module = served_module(save_weights(tmp_path, card, trunk))
    photos = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.allclose(module(photos)[0], trunk(photos), atol=0.05)
    recorded = record(described, module)
    save_compiled(compile_module(described, module), tmp_path / "model.pt")
    assert check_parity(recorded, tmp_path / "model.pt") < 1e-4


def test_wider_and_deeper_is_more() -> None:
    def weights(**values: float) -> int:
        backbone = build_backbone(Backbone.model_validate({"name": "small_cnn", **values}))
        return sum(p.numel() for p in backbone.parameters())

    assert weights(width=0.5) < weights() < weights(width=2.0)
    assert weights() < weights(depth=2.0)


def test_a_networks_parts_and_links() -> None:
    network = ScalpNetwork(small("small_cnn"), "softmax").eval()
    logits, domain = network(torch.zeros(2, 64, 64, 3, dtype=torch.uint8))
    assert (logits.shape, domain.shape) == ((2, 6, 4), (2,))


def resnet() -> ResNetConfig:
    return ResNetConfig(
        layer_type="basic", embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1] * 4
    )


RESNET = Backbone(name="resnet18", width=0.0625, depth=0.1)


def test_weights_of_a_local_folder_are_taken_over(tmp_path: Path) -> None:
    theirs = ResNetForImageClassification(
        ResNetConfig(layer_type="basic", embedding_size=8, hidden_sizes=[8, 8, 16, 32],
                     depths=[1] * 4)
    )  # fmt: skip
    theirs.save_pretrained(tmp_path)
    backbone = build_backbone(RESNET)
    report = load_pretrained(backbone, tmp_path)
    assert report.missing == []
    assert report.left_over == ["classifier.1.bias", "classifier.1.weight"]
    assert "2 left over (classifier.1.bias, classifier.1.weight)" in str(report)
    pixels = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        wanted = theirs.eval().resnet(pixels).last_hidden_state
        assert torch.equal(backbone.eval()(pixels), wanted)


def test_a_missing_tensor_is_reported_and_another_model_refused(tmp_path: Path) -> None:
    backbone = build_backbone(RESNET)
    ResNetModel(backbone.model.config).save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    missing = sorted(tensors)[0]
    del tensors[missing]
    save_file(tensors, tmp_path / "model.safetensors")
    assert load_pretrained(backbone, tmp_path).missing == [missing]
    with pytest.raises(ValueError, match="holds another model"):
        load_pretrained(build_backbone(small("vit_small")), tmp_path)
