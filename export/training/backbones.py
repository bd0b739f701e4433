"""The backbones, each behind one seam: RGB ``[B, 3, S, S]`` in, a map ``[B, C, h, w]`` out.

``export.network.Trunk`` brings any of them to 192 channels at stride 16, so that heads, export,
Triton's configuration and attention maps are the same for all. All are built from their
configuration with fresh weights; ``training.pretrained`` fills in those of a local folder. What
transformers has not (DenseNet) is MONAI's.
"""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from monai.networks.nets import DenseNet as MonaiDenseNet
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    ConvNextV2Config,
    ConvNextV2Model,
    EfficientNetConfig,
    EfficientNetModel,
    ResNetConfig,
    ResNetModel,
    ViTConfig,
    ViTModel,
)

from export.recipe import Backbone
from export.training.layers import MOMENTUM, SmallBlock, conv, initialise
from export.training.multi_depth import STRIDE, MultiDepth

_SMALL_WIDTHS: Final = (24, 48, 96, 128)
_SMALL_DEPTHS: Final = (1, 2, 3, 1)
_EFFICIENTNETS: Final[Mapping[str, tuple[float, float, list[int]]]] = {
    # width, depth (Tan and Le 2019), and the blocks that published weights pad on one side only
    "efficientnet_b0": (1.0, 1.0, []),
    "efficientnet_b1": (1.0, 1.1, [16]),
    "efficientnet_b2": (1.1, 1.2, [5, 8, 16]),
    "efficientnet_b3": (1.2, 1.4, [5, 18]),
    "efficientnet_b4": (1.4, 1.8, [6]),
    "efficientnet_b5": (1.6, 2.2, [13, 27]),
    "efficientnet_b6": (1.8, 2.6, [31]),
    "efficientnet_b7": (2.0, 3.1, [18]),
}


def build_backbone(wanted: Backbone) -> nn.Module:
    """The backbone with fresh weights."""
    return _BUILDERS[wanted.name](wanted)


@torch.no_grad()
def channels_of(backbone: nn.Module) -> int:
    """Found by trying, so that no table of channels can be wrong."""
    was_training = backbone.training
    channels = backbone.eval()(torch.zeros(1, 3, 64, 64)).shape[1]
    backbone.train(was_training)
    return int(channels)


def _multi_depth_b0(wanted: Backbone) -> nn.Module:
    config = _efficientnet_config(wanted, 1.0, 1.0, batch_norm_momentum=MOMENTUM)
    model, stride, last = EfficientNetModel(config), 2, {}
    for number, block in enumerate(model.encoder.blocks):
        stride *= block.depthwise_conv.stride
        last[stride] = number
    taps = {number: stride for stride, number in last.items() if stride <= STRIDE}
    return MultiDepth(model.embeddings, model.encoder.blocks, taps).apply(initialise)


def _small_cnn(wanted: Backbone) -> nn.Module:
    """Plain convolutions from stride 4 on: four times B0's speed in training on two AVX2 cores."""
    widths = [8 * max(1, round(width * wanted.width / 8)) for width in _SMALL_WIDTHS]
    depths = [max(1, round(depth * wanted.depth)) for depth in _SMALL_DEPTHS]
    stem = nn.Sequential(conv(3, widths[0] // 2, 3, 2), conv(widths[0] // 2, widths[0], 3, 2))
    blocks, taps, before = nn.ModuleList(), {}, widths[0]
    for level, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        for number in range(depth):
            blocks.append(SmallBlock(before, width, 2 if level and not number else 1))
            before = width
        taps[len(blocks) - 1] = 4 * 2**level
    taps = {number: stride for number, stride in taps.items() if stride <= STRIDE}
    return MultiDepth(stem, blocks, taps).apply(initialise)


def _efficientnet_config(
    wanted: Backbone, width: float, depth: float, **others: object
) -> EfficientNetConfig:
    width *= wanted.width
    return EfficientNetConfig(
        width_coefficient=width,
        depth_coefficient=depth * wanted.depth,
        hidden_dim=_rounded(1280 * width),
        drop_connect_rate=wanted.dropped_paths,
        batch_norm_eps=1e-5,
        **others,
    )


def _rounded(channels: float) -> int:
    """As transformers rounds them: to eights, and down by a tenth at most."""
    found = max(8, int(channels + 4) // 8 * 8)
    return found if found >= 0.9 * channels else found + 8


class _LastMap(nn.Module):
    """A model of transformers, of which the last hidden state is the map."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        return self.model(pixels).last_hidden_state


def _efficientnet(wanted: Backbone) -> nn.Module:
    width, depth, padded = _EFFICIENTNETS[wanted.name]
    config = _efficientnet_config(wanted, width, depth, depthwise_padding=padded)
    return _LastMap(EfficientNetModel(config)).apply(initialise)


def _resnet(wanted: Backbone) -> nn.Module:
    small = wanted.name == "resnet18"
    widths = (64, 128, 256, 512) if small else (256, 512, 1024, 2048)
    depths = (2, 2, 2, 2) if small else (3, 4, 6, 3)
    config = ResNetConfig(
        layer_type="basic" if small else "bottleneck",
        embedding_size=_times(64, wanted.width),
        hidden_sizes=[_times(width, wanted.width) for width in widths],
        depths=[max(1, round(depth * wanted.depth)) for depth in depths],
    )
    return _LastMap(ResNetModel(config)).apply(initialise)


def _times(channels: int, width: float) -> int:
    return 8 * max(1, round(channels * width / 8))


class _DenseNet(nn.Module):
    def __init__(self, wanted: Backbone) -> None:
        super().__init__()
        self.model = MonaiDenseNet(
            spatial_dims=2,
            in_channels=3,
            out_channels=1,
            init_features=_times(64, wanted.width),
            growth_rate=_times(32, wanted.width),
            block_config=[max(1, round(depth * wanted.depth)) for depth in (6, 12, 24, 16)],
        )
        del self.model.class_layers

    def forward(self, pixels: Tensor) -> Tensor:
        return functional.relu(self.model.features(pixels))


class _ViT(nn.Module):
    """ViT-S/16 (Touvron 2021): its patches are the features' own stride."""

    def __init__(self, wanted: Backbone) -> None:
        super().__init__()
        heads = max(1, round(6 * wanted.width))
        config = ViTConfig(
            hidden_size=64 * heads,
            intermediate_size=256 * heads,
            num_attention_heads=heads,
            num_hidden_layers=max(1, round(12 * wanted.depth)),
            image_size=224,
            patch_size=STRIDE,
        )
        self.model = ViTModel(config, add_pooling_layer=False)

    def forward(self, pixels: Tensor) -> Tensor:
        sides = [side // STRIDE for side in pixels.shape[2:]]
        pixels = pixels[:, :, : sides[0] * STRIDE, : sides[1] * STRIDE]
        tokens = self.model(pixels, interpolate_pos_encoding=True).last_hidden_state[:, 1:]
        return tokens.transpose(1, 2).unflatten(2, sides)


def _convnext_v2(wanted: Backbone) -> nn.Module:
    """Tiny (Woo 2023)."""
    config = ConvNextV2Config(
        hidden_sizes=[_times(width, wanted.width) for width in (96, 192, 384, 768)],
        depths=[max(1, round(depth * wanted.depth)) for depth in (3, 3, 9, 3)],
        drop_path_rate=wanted.dropped_paths,
    )
    model = ConvNextV2Model(config)
    model.layernorm = nn.Identity()  # of the pooled map, which is not used here
    return _LastMap(model)


_BUILDERS: Final[Mapping[str, Callable[[Backbone], nn.Module]]] = {
    "multi_depth_b0": _multi_depth_b0,
    "small_cnn": _small_cnn,
    "resnet18": _resnet,
    "resnet50": _resnet,
    "densenet121": lambda wanted: _DenseNet(wanted).apply(initialise),
    "vit_small": _ViT,
    "convnext_v2": _convnext_v2,
    **dict.fromkeys(_EFFICIENTNETS, _efficientnet),
}
