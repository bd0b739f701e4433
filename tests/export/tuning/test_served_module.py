"""What makes the trunk fast is in what is served, and changes no answer."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dupi.vision import contract
from export.network import Trunk
from export.recipe import Backbone
from export.training.multi_depth import MultiDepth
from export.weights_file import Card
from export.wrap import (
    ServedTrunk,
    compile_module,
    with_numbered_padding,
)

pytestmark = pytest.mark.ml


def compiled(name: str) -> torch.jit.ScriptModule:
    wanted = Backbone.model_validate({"name": name, "width": 0.2, "depth": 0.2})
    card = Card(contract.TRUNK, 1, 1, 64, 1.0, None, "a test")
    return compile_module(card, ServedTrunk(Trunk(wanted), 1).eval())


def constants(module: torch.jit.ScriptModule) -> Iterator[Tensor]:
    for node in module.graph.findAllNodes("prim::Constant"):
        if "value" in node.attributeNames() and node.kindOf("value") == "t":
            yield node.t("value")


@pytest.mark.parametrize("name", ["multi_depth_b0", "small_cnn", "resnet18"])
def test_every_norm_after_a_convolution_is_folded_into_it(name: str) -> None:
    """One is left: that of the joined maps, before a convolution."""
    assert str(compiled(name).graph).count("aten::batch_norm") == 1


def test_a_trunks_weights_lie_channel_by_channel() -> None:
    weights = [
        c for c in constants(compiled("small_cnn")) if c.dim() == 4 and c.shape[2:] == (3, 3)
    ]
    assert len(weights) > 4
    assert all(w.is_contiguous(memory_format=torch.channels_last) for w in weights)


@pytest.mark.parametrize(
    ("size", "padding", "dilation", "number"),
    [
        (3, "same", 1, (1, 1)),
        (5, "same", 2, (4, 4)),
        (3, "valid", 1, (0, 0)),
        (3, 2, 1, (2, 2)),
    ],
)
def test_padding_by_name_becomes_a_number(
    size: int, padding: str | int, dilation: int, number: tuple[int, int]
) -> None:
    module = nn.Conv2d(2, 2, size, padding=padding, dilation=dilation).eval()
    before, numbered = module.padding, with_numbered_padding(module)
    assert (numbered.padding, module.padding) == (number, before)
    pixels = torch.rand(1, 2, 12, 12)
    with torch.inference_mode():
        assert torch.equal(numbered(pixels), module(pixels))


def test_padding_that_no_number_says_stays() -> None:
    assert with_numbered_padding(nn.Conv2d(2, 2, 4, padding="same")).padding == "same"


def test_the_surroundings_are_the_average_around_each_pixel() -> None:
    backbone = Trunk(Backbone(name="small_cnn", width=0.2, depth=0.2)).backbone
    assert isinstance(backbone, MultiDepth)
    pixels = torch.rand(2, 3, 32, 48)
    wanted = functional.avg_pool2d(pixels, 5, stride=1, padding=2)
    assert torch.allclose(backbone._surroundings(pixels), wanted, atol=1e-6)
    assert "around" not in backbone.state_dict()
