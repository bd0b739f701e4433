"""A run's curves as a picture: loss, the figures of the validation, and the learning rate."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Line = Mapping[str, float]
_PANELS = {
    "loss": ("loss", "validation_loss"),
    "figures of the validation": ("qwk", "macro_f1", "exact", "in_domain"),
    "learning rate": ("learning_rate",),
}


def draw_curves(lines: Sequence[Line], path: Path) -> None:
    """``lines``: one an epoch, as in ``progress.jsonl``; of none, no picture."""
    if not lines:
        return
    figure = Figure(figsize=(12, 3.5))
    FigureCanvasAgg(figure)
    epochs = [line["epoch"] for line in lines]
    for axes, (title, names) in zip(figure.subplots(1, 3), _PANELS.items(), strict=True):
        for name in names:
            axes.plot(epochs, [line[name] for line in lines], marker=".", label=name)
        axes.set(title=title, xlabel="epoch")
        axes.legend()
        axes.grid(alpha=0.3)
    figure.subplots_adjust(left=0.05, right=0.99, bottom=0.15)
    figure.savefig(path, dpi=90)
