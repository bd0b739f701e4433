"""One training loop for the base and for adapters: AdamW, cosine, a curve kept.

A run that was cut off at any moment goes on from its last checkpoint and ends with the very weights
that it would have had: the checkpoint holds weights, optimiser, schedule and the state of chance,
and batches are a matter of the step alone.
"""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from llm_server.training.recipe import TrainingRecipe

Batch = dict[str, torch.Tensor]
CLIP: Final = 1.0
FLOOR: Final = 0.05
CURVE_EVERY: Final = 10
CURVE: Final = "curve.jsonl"
CHECKPOINT: Final = "checkpoint.pt"


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fit(
    model: Any,
    batches: Callable[[int], Iterator[Batch]],
    recipe: TrainingRecipe,
    folder: Path,
    *,
    after_checkpoint: Callable[[int], bool] = lambda step: False,
) -> None:
    """Trains ``model`` in place.

    ``batches(step)`` yields what comes after ``step`` steps, the same whether the run was cut off
    before or not. A checkpoint in ``folder`` is taken up where it was left. ``after_checkpoint``
    may end the run early by returning true; what it draws by chance changes nothing here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not getattr(model, "is_quantized", False):
        model.to(device())
    run = _Run(model, recipe, folder)
    if run.has_ended:
        return
    source = batches(run.step)
    with tqdm(total=recipe.steps, initial=run.step, unit="step", mininterval=5) as bar:
        while run.step < recipe.steps and not run.has_ended:
            model.train()
            loss = run.learn(next(source))
            bar.update()
            if run.step % CURVE_EVERY == 0 or run.step == recipe.steps:
                bar.set_postfix(loss=f"{loss:.3f}")
                run.note(loss)
            if run.step % recipe.checkpoint_every == 0 or run.step == recipe.steps:
                with torch.random.fork_rng():
                    run.has_ended = after_checkpoint(run.step)
                run.save()


class _Run:
    """A run's state between two steps. ``has_ended``: before its last step."""

    def __init__(self, model: Any, recipe: TrainingRecipe, folder: Path) -> None:
        self._model, self._recipe, self._folder = model, recipe, folder
        self._trained = [p for p in model.parameters() if p.requires_grad]
        self._optimiser = AdamW(
            self._trained, recipe.learning_rate, betas=(0.9, 0.95), weight_decay=recipe.weight_decay
        )
        self._schedule = LambdaLR(self._optimiser, lambda step: rate(step, recipe))
        self.step = 0
        self.has_ended = False
        self._resume()

    def learn(self, batch: Batch) -> float:
        """One step; the batch's loss."""
        parts = self._parts(batch)
        learnt = [int((part["labels"][:, 1:] >= 0).sum()) for part in parts]
        total, loss = max(1, sum(learnt)), 0.0
        for part, tokens in zip(parts, learnt, strict=True):
            share = self._loss(part) * (tokens / total if len(parts) > 1 else 1.0)
            share.backward()
            loss += float(share.detach())
        torch.nn.utils.clip_grad_norm_(self._trained, CLIP)
        self._optimiser.step()
        self._schedule.step()
        self._optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return loss

    def _parts(self, batch: Batch) -> list[Batch]:
        """The batch in as many parts as the recipe says, each of some rows."""
        cut = {name: tensor.chunk(self._recipe.accumulate) for name, tensor in batch.items()}
        return [dict(zip(cut, part, strict=True)) for part in zip(*cut.values(), strict=True)]

    def _loss(self, part: Batch) -> torch.Tensor:
        where = device()
        moved = {name: tensor.to(where) for name, tensor in part.items()}
        with torch.autocast(where.type, torch.bfloat16, enabled=where.type == "cuda"):
            loss: torch.Tensor = self._model(**moved).loss
        return loss

    def note(self, loss: float) -> None:
        """One point of the curve."""
        point = {"step": self.step, "loss": round(loss, 4), "rate": self._schedule.get_last_lr()[0]}
        with (self._folder / CURVE).open("a") as curve:
            curve.write(json.dumps(point) + "\n")

    def save(self) -> None:
        state = {
            "step": self.step,
            "has_ended": self.has_ended,
            "weights": [p.detach().cpu() for p in self._trained],
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "chance": torch.get_rng_state(),
            "chance_on_gpus": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }
        draft = self._folder / f"{CHECKPOINT}.draft"
        torch.save(state, draft)
        draft.replace(self._folder / CHECKPOINT)

    def _resume(self) -> None:
        path = self._folder / CHECKPOINT
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        with torch.no_grad():
            for parameter, kept in zip(self._trained, state["weights"], strict=True):
                parameter.copy_(kept)
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["chance"])
        if state["chance_on_gpus"]:
            torch.cuda.set_rng_state_all(state["chance_on_gpus"])
        self.step, self.has_ended = int(state["step"]), bool(state["has_ended"])
        self._forget_later_points()

    def _forget_later_points(self) -> None:
        """Points of steps that are done again."""
        curve = self._folder / CURVE
        if curve.exists():
            lines = curve.read_text().splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= self.step]
            curve.write_text("".join(f"{line}\n" for line in kept))


def rate(step: int, recipe: TrainingRecipe) -> float:
    """The part of the learning rate that ``step`` is done with."""
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    done = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
