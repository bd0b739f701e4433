"""The state of one training: everything that a checkpoint holds, and nothing that it does not."""

import copy
import json

import torch
from torch import Tensor

from dupi.knowledge.vocabulary import Condition
from export.data.items import Packed
from export.network import ScalpNetwork
from export.training.checkpoints import (
    BEST,
    CHECKPOINT,
    Stateful,
    resume,
    save_best,
    save_checkpoint,
)
from export.training.devices import open_device, precision_on
from export.training.layouts import Training
from export.training.losses import GradeLoss
from export.training.optimisers import Schedule, build_optimiser, follow
from export.training.origin import FRESH, Start, origin_of
from export.training.sampling import steps_of
from export.training.validation import Line, epochs_since_best, figure_of, is_best

PROGRESS = "progress.jsonl"


class Run:
    """Network, its moving average, optimiser, schedule, scaler, and a line an epoch.

    Random numbers need no keeping: each epoch draws its own from the seed and its number.
    """

    def __init__(self, training: Training, packed: Packed, start: Start = FRESH) -> None:
        recipe = self.recipe = training.recipe
        self.folder = training.folder
        self.columns = [tuple(Condition).index(condition) for condition in training.conditions]
        self.origin = origin_of(recipe, packed, training.conditions, start)
        self.device = open_device(recipe)
        self.precision = precision_on(self.device, recipe.precision)
        torch.manual_seed(recipe.seed)
        self.network = ScalpNetwork(
            recipe.backbone,
            recipe.loss.link,
            training.conditions,
            tells_extents=recipe.loss.extent_weight > 0,
        )
        if recipe.channels_last:
            self.network.to(memory_format=torch.channels_last)
        self.network.to(self.device)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.loss = GradeLoss(recipe.loss, packed.grades[:, self.columns]).to(self.device)
        self.optimiser = build_optimiser(self.network, recipe.optimiser)
        self.schedule = Schedule(self.optimiser, recipe, steps_of(recipe, len(packed)))
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")
        if recipe.compiled:
            self.network.trunk.backbone.compile()
        self.steps = 0
        self.lines: list[Line] = []

    @property
    def epoch(self) -> int:
        return len(self.lines)

    @property
    def is_done(self) -> bool:
        patience = self.recipe.stopping.patience
        waited = epochs_since_best(self.lines, self.recipe.stopping)
        return self.epoch >= self.recipe.epochs or 0 < patience <= waited

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Weights of an earlier run, which may lack what is for training alone."""
        weights = {**self.network.state_dict(), **weights}
        self.network.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def step(self) -> None:
        """Follows the gradients that were gathered."""
        if longest := self.recipe.optimiser.gradient_norm:
            self.scaler.unscale_(self.optimiser)
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), longest)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad(set_to_none=True)
        self.schedule.after_step()
        # Short at first, so that the average forgets the start.
        decay = min(self.recipe.average_decay, (1 + self.steps) / (10 + self.steps))
        follow(self.average, self.network, decay)
        self.steps += 1

    def finish_epoch(self, line: Line) -> None:
        """Keeps the line, the weights where they are the best so far, and a checkpoint."""
        self.lines.append(line)
        self.schedule.after_epoch(figure_of(line, self.recipe.stopping))
        if is_best(self.lines, self.recipe.stopping):
            save_best(self.folder / BEST, self.average, self.origin)
        progress = {"lines": self.lines, "steps": self.steps}
        save_checkpoint(self.folder / CHECKPOINT, self._parts(), progress, self.origin)
        self._write_lines()

    def resume(self) -> None:
        """Goes on from the folder's checkpoint. Raises ``OtherRun``."""
        progress = resume(self.folder / CHECKPOINT, self._parts(), self.origin)
        self.lines, self.steps = progress["lines"], progress["steps"]
        self._write_lines()

    def _parts(self) -> dict[str, Stateful]:
        names = ("network", "average", "optimiser", "schedule", "scaler")
        return {name: getattr(self, name) for name in names}

    def _write_lines(self) -> None:
        """Anew, so that a cut between checkpoint and line leaves no line twice or missing."""
        text = "".join(json.dumps(line) + "\n" for line in self.lines)
        (self.folder / PROGRESS).write_text(text, encoding="utf-8")
