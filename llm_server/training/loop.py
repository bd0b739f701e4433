"""One training loop for the base and for adapters: AdamW, cosine, resumable, with a curve kept."""

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

    ``batches(step)`` yields the batches from that step on. A checkpoint in ``folder`` is taken up
    where it was left. ``after_checkpoint`` may end the run early by returning true.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.to(device()).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = AdamW(
        trained, recipe.learning_rate, betas=(0.9, 0.95), weight_decay=recipe.weight_decay
    )
    schedule = LambdaLR(optimiser, lambda step: _rate(step, recipe))
    start = _resume(folder, trained, optimiser, schedule)
    bar = tqdm(total=recipe.steps, initial=start, unit="step", mininterval=5)
    source = batches(start)
    for step in range(start + 1, recipe.steps + 1):
        loss = _step(model, next(source), trained, optimiser, schedule)
        bar.update()
        if step % CURVE_EVERY == 0:
            bar.set_postfix(loss=f"{loss:.3f}")
            _note(folder, step, loss, schedule.get_last_lr()[0])
        if step % recipe.checkpoint_every == 0 or step == recipe.steps:
            _save(folder, step, trained, optimiser, schedule)
            if after_checkpoint(step):
                break
            model.train()
    bar.close()


def _step(
    model: Any, batch: Batch, trained: list[Any], optimiser: AdamW, schedule: LambdaLR
) -> float:
    where = device()
    moved = {name: tensor.to(where) for name, tensor in batch.items()}
    with torch.autocast(where.type, torch.bfloat16, enabled=where.type == "cuda"):
        loss = model(**moved).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, CLIP)
    optimiser.step()
    schedule.step()
    optimiser.zero_grad(set_to_none=True)
    return float(loss.detach())


def _rate(step: int, recipe: TrainingRecipe) -> float:
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    done = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _note(folder: Path, step: int, loss: float, rate: float) -> None:
    with (folder / "curve.jsonl").open("a") as curve:
        curve.write(json.dumps({"step": step, "loss": round(loss, 4), "rate": rate}) + "\n")


def _save(
    folder: Path, step: int, trained: list[Any], optimiser: AdamW, schedule: LambdaLR
) -> None:
    state = {
        "step": step,
        "weights": [p.detach().cpu() for p in trained],
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
    }
    draft = folder / "checkpoint.draft"
    torch.save(state, draft)
    draft.replace(folder / "checkpoint.pt")


def _resume(folder: Path, trained: list[Any], optimiser: AdamW, schedule: LambdaLR) -> int:
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    with torch.no_grad():
        for parameter, kept in zip(trained, state["weights"], strict=True):
            parameter.copy_(kept)
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["step"])
