"""The network: one trunk, six heads that grade and a head that knows scalps.

The trunk takes uint8 photos ``[B, S, S, 3]`` and gives features ``[B, 192, S/16, S/16]``, whatever
its backbone. A head is a 1 x 1 convolution, an average and a maximum over the map, and a linear
layer; its own weights give the attention map.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from dupi.knowledge.vocabulary import Condition, Severity
from dupi.vision import contract
from export.recipe import Backbone
from export.training.backbones import build_backbone, channels_of
from export.training.layers import MOMENTUM, conv, initialise

GRADES: Final = len(Severity)
THRESHOLDS: Final = GRADES - 1
CORN: Final = "corn"
CORAL: Final = "coral"
SOFTMAX: Final = "softmax"
FOR_TRAINING: Final = "extents."
_NORMALISATIONS: Final = {  # mean and spread of RGB from 0 to 1
    "scalp": ((0.78, 0.64, 0.56), (0.22, 0.22, 0.21)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


class Trunk(nn.Module):
    """uint8 ``[B, S, S, 3]`` to features ``[B, 192, S/16, S/16]``."""

    def __init__(self, backbone: Backbone | None = None) -> None:
        super().__init__()
        wanted = backbone or Backbone()
        self.backbone = build_backbone(wanted)
        channels = channels_of(self.backbone)
        self.join = nn.Sequential(
            nn.BatchNorm2d(channels, momentum=MOMENTUM),
            conv(channels, 256),
            conv(256, contract.FEATURE_CHANNELS),
        ).apply(initialise)
        mean, spread = _NORMALISATIONS[wanted.normalisation]
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(spread).view(1, 3, 1, 1), persistent=False)

    def forward(self, photos: Tensor) -> Tensor:
        return self.features(photos.permute(0, 3, 1, 2).float() / 255.0)

    def features(self, pixels: Tensor) -> Tensor:
        """From RGB ``[B, 3, S, S]`` between 0 and 1."""
        return self.join(self.cells(pixels))

    def cells(self, pixels: Tensor) -> Tensor:
        """What the backbone sees in each cell ``[B, C, S/16, S/16]``, before it is joined."""
        found = self.backbone((pixels - self.mean) / self.spread)
        sides = [side // contract.FEATURE_STRIDE for side in pixels.shape[2:]]
        if list(found.shape[2:]) == sides:
            return found
        return functional.interpolate(found, size=sides, mode="bilinear", align_corners=False)


class _Ranks(nn.Linear):
    """One score and a threshold a rank (Cao, Mirjalili, Raschka: CORAL, 2020)."""

    def __init__(self, inputs: int, ranks: int) -> None:
        super().__init__(inputs, 1)
        self.bias = nn.Parameter(torch.linspace(1.0, -1.0, ranks))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight) + self.bias


class Head(nn.Module):
    """Features to ``outputs`` logits and, from the same weights, where in the photo they rose."""

    def __init__(self, outputs: int, hidden: int = 48, link: str = CORN) -> None:
        super().__init__()
        self.look = nn.Conv2d(contract.FEATURE_CHANNELS, hidden, 1)
        self.weigh = (_Ranks if link == CORAL else nn.Linear)(2 * hidden, outputs)
        self.drop = nn.Dropout(0.1)
        self.link = link

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``[B, outputs]`` and an activation map ``[B, h, w]`` from 0 to 1."""
        seen = functional.relu(self.look(features))
        pooled = torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], dim=1)
        return self.weigh(self.drop(pooled)), self._activation(seen)

    def _activation(self, seen: Tensor) -> Tensor:
        average, greatest = self._evidence().chunk(2)
        weights = (average + greatest).view(1, -1, 1, 1)
        rise = functional.relu((seen * weights).sum(dim=1))
        low, high = rise.amin(dim=(1, 2), keepdim=True), rise.amax(dim=(1, 2), keepdim=True)
        return (rise - low) / (high - low).clamp_min(1e-6)

    def _evidence(self) -> Tensor:
        """What speaks for a worse grade: all thresholds, or all grades against the first."""
        weight = self.weigh.weight
        return weight[1:].mean(dim=0) - weight[0] if self.link == SOFTMAX else weight.mean(dim=0)


def severity_head(link: str = CORN) -> Head:
    return Head(GRADES if link == SOFTMAX else THRESHOLDS, link=link)


def domain_head() -> Head:
    return Head(1)


class ScalpNetwork(nn.Module):
    """Everything that is trained together; parts are exported one by one.

    ``tells_extents``: a layer says from the features how much of each condition each cell shows. It
    is there for training alone, and is not exported.
    """

    def __init__(
        self,
        backbone: Backbone | None = None,
        link: str = CORN,
        conditions: Iterable[Condition] = Condition,
        *,
        tells_extents: bool = False,
    ) -> None:
        super().__init__()
        self.link, self.conditions = link, tuple(conditions)
        self.trunk = Trunk(backbone)
        self.heads = nn.ModuleDict({c.value: severity_head(link) for c in self.conditions})
        self.domain = domain_head()
        if tells_extents:
            count = len(self.conditions)
            self.extents = nn.Conv2d(contract.FEATURE_CHANNELS, count, 1).apply(initialise)

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        return self.grade(self.trunk(photos))

    def grade(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``[B, conditions, K]`` and the domain's logits ``[B]``."""
        logits = [head(features)[0] for head in self.heads.values()]
        return torch.stack(logits, dim=1), self.domain(features)[0].squeeze(1)


def probabilities(logits: Tensor, link: str = CORN) -> Tensor:
    """``[..., K]`` logits to probabilities of the grades ``[..., 4]``.

    ``softmax``: K is 4. ``corn``: is it worse than k, if it is k or worse? The chance to pass a
    threshold is the product of the chances up to it, so it never rises with the grade (Shi, Cao,
    Raschka: CORN, 2021). ``coral``: is it worse than k? The least so far, should thresholds cross.
    """
    if link == SOFTMAX:
        return logits.softmax(dim=-1)
    chances = torch.sigmoid(logits)
    passed = chances.cumprod(dim=-1) if link == CORN else chances.cummin(dim=-1).values
    ones, zeros = torch.ones_like(passed[..., :1]), torch.zeros_like(passed[..., :1])
    return torch.cat([ones, passed], dim=-1) - torch.cat([passed, zeros], dim=-1)


def load_network(
    weights: Mapping[str, Tensor],
    backbone: Backbone | None = None,
    link: str = CORN,
    conditions: Iterable[Condition] = Condition,
) -> ScalpNetwork:
    """An evaluating fp32 network with ``weights`` (fp16 or fp32), but for what is for training."""
    network = ScalpNetwork(backbone, link, conditions)
    network.load_state_dict({name: value.float() if value.is_floating_point() else value
                             for name, value in weights.items()
                             if not name.startswith(FOR_TRAINING)})  # fmt: skip
    return network.eval()
