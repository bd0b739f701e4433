"""Pictures of what was measured: confusion, reliability, risk and coverage, six conditions each."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dupi.knowledge.vocabulary import Condition, Severity
from export.judging.scores import Scores

_INK, _ACCENT, _PALE, _GRID = "#22303c", "#1b6ca8", "#9fc5e8", "#d9dee3"
_STYLE: Final = {
    "font.size": 9.0,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titlepad": 17.0,
    "axes.titleweight": "bold",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_DPI: Final = 110
CONFUSION, RELIABILITY, RISK = "confusion.png", "reliability.png", "risk-coverage.png"

Draw = Callable[[Axes, Scores], None]


def write_plots(scores: Mapping[str, Scores], folder: Path) -> list[Path]:
    """Three PNGs in ``folder``."""
    conditions = {str(c): scores[c] for c in Condition}
    pages: list[tuple[str, str, Mapping[str, Scores], Draw]] = [
        (CONFUSION, "Given grade by true grade (share of the true grade, and photos)",
         conditions, _confusion),
        (RELIABILITY, "How often a finding is right, by how sure it is (15 bins of equal mass)",
         conditions, _reliability),
        (RISK, "Errors among the findings kept, when the least sure abstain", conditions, _risk),
    ]  # fmt: skip
    return [_page(folder / name, title, shown, draw) for name, title, shown, draw in pages]


def _page(path: Path, title: str, shown: Mapping[str, Scores], draw: Draw) -> Path:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 7.2), layout="constrained")
        figure.suptitle(title, fontsize=12)
        for axes, (name, scores) in zip(figure.subplots(2, 3).flat, shown.items(), strict=True):
            axes.set_title(_spoken(name))
            draw(axes, scores)
        figure.savefig(path, dpi=_DPI, metadata={"Software": None})
    return path


def _caption(axes: Axes, text: str) -> None:
    """Between the title and the picture."""
    axes.text(0.5, 1.015, text, transform=axes.transAxes, ha="center", va="bottom", fontsize=8)


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _confusion(axes: Axes, scores: Scores) -> None:
    counts = np.array(scores.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    names = [str(severity.name).lower() for severity in Severity]
    axes.set_xticks(range(4), names)
    axes.set_yticks(range(4), names)
    axes.set_xlabel("given")
    axes.set_ylabel("true")
    axes.spines[:].set_visible(False)
    kappa = scores.figures["qwk"]
    _caption(axes, f"QWK {kappa.value:.3f} ({kappa.low:.3f} to {kappa.high:.3f})")
    for (row, column), number in np.ndenumerate(counts):
        share = shares[row, column]
        text = f"{share:.0%}\n{number:,}" if number else "·"
        colour = "white" if share > 0.5 else _INK
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)


def _reliability(axes: Axes, scores: Scores) -> None:
    """The gaps are what ECE averages; the first bins hold the unsure findings, often few."""
    sure = np.array([b.confidence for b in scores.reliability])
    right = np.array([b.right for b in scores.reliability])
    low = min(0.95, np.floor(min(sure.min(), right.min()) * 10) / 10)
    axes.plot([low, 1], [low, 1], color=_INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.vlines(sure, np.minimum(sure, right), np.maximum(sure, right), color=_PALE, linewidth=3)
    axes.plot(sure, right, "o", color=_ACCENT, markersize=5, clip_on=False)
    axes.set_xlim(low, 1)
    axes.set_ylim(low, 1)
    axes.set_aspect("equal")
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_xlabel("how sure")
    axes.set_ylabel("share right")
    ece = scores.figures["ece"]
    _caption(axes, f"ECE {ece.value:.3f} ({ece.low:.3f} to {ece.high:.3f})")


def _risk(axes: Axes, scores: Scores) -> None:
    coverage, risk = np.array(scores.coverage), np.array(scores.risk)
    shown = coverage >= 0.02  # left of it, a single finding moves the rate
    axes.plot(coverage[shown], risk[shown], color=_ACCENT, linewidth=2)
    axes.axvline(0.9, color=_INK, linewidth=0.8, linestyle=(0, (2, 3)))
    top = max(float(risk[shown].max()), 0.01) * 1.3
    majority = scores.figures["risk"].majority or 0.0
    if majority <= 0.9 * top:
        axes.axhline(majority, color=_INK, linewidth=0.8)
        axes.text(0.01, majority, "always the most frequent grade", va="bottom", fontsize=7)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_xlabel("findings kept")
    axes.set_ylabel("of them wrong")
    _caption(axes, _gain(scores))


def _gain(scores: Scores) -> str:
    found, area = scores.figures["factor"], scores.figures["aurc"]
    times = f"× {found.value:.2f}" if np.isfinite(found.value) else "no error to lessen"
    return f"a tenth abstaining: {times}; area {area.value:.4f}"
