"""A run's loss and learning rate as a picture, from the ``curve.jsonl`` that the loop keeps."""

import json
from pathlib import Path
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

NOTES: Final = "curve.jsonl"
PICTURE: Final = "curve.png"


def draw_curve(folder: Path) -> Path | None:
    """Draws ``folder``'s curve beside it; ``None`` where nothing was noted yet."""
    notes = folder / NOTES
    if not notes.exists():
        return None
    lines = [json.loads(line) for line in notes.read_text("utf-8").splitlines()]
    steps = [line["step"] for line in lines]
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    losses = figure.add_subplot(xlabel="step", ylabel="loss (nats a token)", title=folder.name)
    losses.plot(steps, [line["loss"] for line in lines], label="loss")
    rates = losses.twinx()
    rates.plot(steps, [line["rate"] for line in lines], color="0.7", label="learning rate")
    rates.set_ylabel("learning rate")
    figure.savefig(folder / PICTURE, dpi=120)
    return folder / PICTURE
