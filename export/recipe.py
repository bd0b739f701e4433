"""The typed recipe of a training run, read from a TOML file.

``recipes/shipped.toml`` explains every value. Any value can be overridden on the command line by
its place: ``--set optimiser.learning_rate=1e-3 --set 'phases=[{size = 64, epochs = 1}]'``.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dupi.knowledge.vocabulary import Condition

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Amount = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Json = dict[str, Any]


class Section(BaseModel):
    """Unknown names are refused, so that a slip of the pen does not train something else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Backbone(Section):
    """Which network makes features; ``width`` and ``depth`` multiply channels and layers."""

    name: Literal[
        "multi_depth_b0", "small_cnn", "resnet18", "resnet50", "densenet121", "vit_small",
        "convnext_v2", "efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3",
        "efficientnet_b4", "efficientnet_b5", "efficientnet_b6", "efficientnet_b7",
    ] = "multi_depth_b0"  # fmt: skip
    width: Positive = 1.0
    depth: Positive = 1.0
    normalisation: Literal["scalp", "imagenet"] = "scalp"
    dropped_paths: Share = 0.0


class Loss(Section):
    """``balance``: 0 none; else the beta of the effective number of photos (0.9 … 0.9999)."""

    name: Literal["cross_entropy", "focal", "corn", "coral", "class_distance"] = "corn"
    balance: Annotated[float, Field(ge=0, lt=1)] = 0.0
    power: Amount = 2.0
    """Gamma of the focal loss; alpha of the class-distance-weighted one."""
    domain_weight: Positive = 0.5
    extent_weight: Amount = 0.0
    """Of what each cell shows of each condition, where drawings tell it; 0: it is not asked."""

    @property
    def link(self) -> Literal["corn", "coral", "softmax"]:
        """How a head's logits become probabilities."""
        return self.name if self.name in ("corn", "coral") else "softmax"


class Optimiser(Section):
    name: Literal["adam", "adamw", "sgd"] = "adamw"
    learning_rate: Positive
    weight_decay: Amount = 0.0
    momentum: Share = 0.9
    gradient_norm: Amount = 0.0
    """Longer gradients are shortened to this; 0: none are."""


class Schedule(Section):
    """``factor`` and ``every`` (epochs) of the steps; ``patience`` (epochs) of the plateau."""

    name: Literal["constant", "step", "plateau", "cosine", "one_cycle"] = "one_cycle"
    warm_up: Share = 0.0
    factor: Share = 0.1
    every: Count = 5
    patience: int = 2


class Augmentation(Section):
    """Chances and greatest strengths; 0 is off. See ``training.augment``."""

    flips: bool = True
    rotation: Amount = 0.0
    crop: Share = 0.0
    brightness: Share = 0.0
    contrast: Share = 0.0
    saturation: Share = 0.0
    hue: Share = 0.0
    blur: Amount = 0.0
    cutout: Share = 0.0
    cast: Share = 0.0
    gamma: Share = 0.0
    vignette: Share = 0.0
    noise: Amount = 0.0
    compression: Share = 0.0


class Stopping(Section):
    """``figure`` of the validation that chooses the best epoch; ``patience`` 0: never early."""

    figure: Literal["qwk", "macro_f1", "exact", "loss"] = "qwk"
    patience: Annotated[int, Field(ge=0)] = 0


class Phase(Section):
    """``epochs`` epochs at ``size`` pixels a side."""

    size: Annotated[int, Field(ge=32, multiple_of=8)]
    epochs: Count


class Member(Section):
    """One trunk of an ensemble, where it differs."""

    seed: int
    backbone: Backbone = Backbone()


class Recipe(Section):
    """See ``recipes/shipped.toml`` for what each value does."""

    name: str
    seed: int
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)] = tuple(Condition)
    layout: Literal["shared", "per_condition", "ensemble"] = "shared"
    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    channels_last: bool = True
    compiled: bool = False
    threads: Annotated[int, Field(ge=0)] = 0
    pretrained: str = ""
    batch_size: Annotated[int, Field(ge=2)]
    accumulate: Count = 1
    steps_an_epoch: Annotated[int, Field(ge=0)] = 0
    rare_grades: Share = 0.0
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    backbone: Backbone = Backbone()
    loss: Loss = Loss()
    optimiser: Optimiser
    schedule: Schedule = Schedule()
    augmentation: Augmentation = Augmentation()
    stopping: Stopping = Stopping()
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    members: tuple[Member, ...] = ()

    @model_validator(mode="after")
    def _members_belong_to_ensembles(self) -> Self:
        if (self.layout == "ensemble") != (len(self.members) > 1):
            raise ValueError("an ensemble has two members or more, another layout none")
        return self

    @model_validator(mode="after")
    def _cells_are_whole(self) -> Self:
        names = {self.backbone.name, *(member.backbone.name for member in self.members)}
        uneven = any(phase.size % 16 for phase in self.phases)
        if uneven and names & {"multi_depth_b0", "small_cnn"}:
            raise ValueError("backbones that join several depths need sizes in sixteens")
        return self

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    @property
    def size(self) -> int:
        """Pixels a side that the finished network takes."""
        return self.phases[-1].size

    def size_of(self, epoch: int) -> int:
        """Pixels a side in ``epoch`` (from 0)."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase.size
            epoch -= phase.epochs
        return self.phases[-1].size


def read_recipe(path: Path, overrides: Iterable[str] = ()) -> Recipe:
    """Raises ``ValueError`` where a value is missing, unknown or out of range."""
    content = read_values(path)
    for override in overrides:
        place, equals, value = override.partition("=")
        if not equals:
            raise ValueError(f"{override}: expected place=value")
        override_value(content, place.strip(), read_value(value.strip()))
    return Recipe.model_validate(content)


def read_values(path: Path) -> Json:
    """The file's values over those of the file beside it that it names as its ``base``."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    base = content.pop("base", None)
    return _over(read_values(path.with_name(base)), content) if base else content


def _over(below: Json, above: Json) -> Json:
    """Tables are merged, other values replaced."""
    merged = {
        n: _over(below[n], v) if _are_tables(below.get(n), v) else v for n, v in above.items()
    }
    return {**below, **merged}


def _are_tables(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def override_value(content: Json, place: str, value: Any) -> None:
    """Sets ``optimiser.learning_rate`` and the like; tables that are missing are made."""
    *tables, name = place.split(".")
    for table in tables:
        content = content.setdefault(table, {})
    content[name] = value


def read_value(text: str) -> Any:
    """As TOML reads it; what is no TOML is a string, so that names need no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
