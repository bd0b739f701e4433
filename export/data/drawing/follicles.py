"""Follicles in a loose lattice, and which of their hairs are left."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.data.drawing.canvas import HEIGHT, WIDTH, Canvas, Floats, Points, covering
from export.data.drawing.person import Person

_MARGIN = 170.0
_HAIRS = (1, 2, 3)
_SHARES = (0.27, 0.53, 0.20)


@dataclass(frozen=True, slots=True)
class Follicles:
    """``places`` [n, 2], some beyond the frame; ``hairs`` [n]: how many grow there."""

    places: Points
    hairs: NDArray[np.int64]

    @property
    def owners(self) -> NDArray[np.int64]:
        """Of each hair, which follicle it grows from."""
        return np.repeat(np.arange(len(self.places)), self.hairs)

    def without(self, gone: NDArray[np.bool_]) -> "Follicles":
        return Follicles(self.places[~gone], self.hairs[~gone])


def inside(places: Points, margin: float = 0.0) -> np.ndarray:
    x, y = places[:, 0], places[:, 1]
    within = (x > margin) & (x < WIDTH - margin) & (y > margin) & (y < HEIGHT - margin)
    return np.asarray(within)


def plant(canvas: Canvas, person: Person, fullness: float) -> Follicles:
    """All follicles of a full scalp: a lattice, shifted and jittered."""
    step = person.spacing * canvas.mm / fullness**0.5
    xs = np.arange(-_MARGIN, WIDTH + _MARGIN, step)
    ys = np.arange(-_MARGIN, HEIGHT + _MARGIN, step * 0.87)
    grid_x, grid_y = np.meshgrid(xs, ys)
    grid_x = grid_x + (np.arange(len(ys)) % 2)[:, None] * step / 2
    places = np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)
    places += canvas.rng.uniform(-step / 2, step / 2, 2)
    places += canvas.rng.normal(0, step * 0.14, places.shape)
    return Follicles(places, canvas.rng.choice(_HAIRS, len(places), p=_SHARES))


def kept_share(canvas: Canvas, lost: float) -> Floats:
    """Share of hairs that is left [height, width], its mean 1 - ``lost``: thinned evenly, in
    patches, or more and more towards one side."""
    kind = canvas.rng.integers(3)
    if kind == 0:
        shape = 0.85 + 0.15 * canvas.noise(4)
    elif kind == 1:
        shape = 1.02 - covering(canvas.noise(3), min(1.0, 0.2 + lost), 0.3)
    else:
        x, y = canvas.grid()
        angle = canvas.rng.uniform(0, 2 * np.pi)
        slope = np.cos(angle) * (x / WIDTH - 0.5) + np.sin(angle) * (y / HEIGHT - 0.5)
        shape = 0.55 + 0.6 * slope + 0.1 * canvas.noise(5)
    return _with_mean(np.clip(shape, 0.02, 1).astype(np.float32), 1 - lost)


def _with_mean(shape: Floats, mean: float) -> Floats:
    """``shape`` to the power that gives it this mean."""
    small, low, high = shape[::8, ::8], 0.0, 60.0
    for _ in range(24):
        power = (low + high) / 2
        low, high = (power, high) if (small**power).mean() > mean else (low, power)
    return np.asarray(shape ** np.float32((low + high) / 2), np.float32)


def choose_left(canvas: Canvas, follicles: Follicles, kept: Floats) -> NDArray[np.bool_]:
    """Which of the hairs [n] are left where ``kept`` [height, width] is the share to be left."""
    owners = follicles.owners
    weights = canvas.at(kept, follicles.places)[owners].astype(float) + 0.02
    count = round(len(owners) * float(kept.mean()))
    chosen = canvas.rng.choice(len(owners), count, replace=False, p=weights / weights.sum())
    left = np.zeros(len(owners), bool)
    left[chosen] = True
    return left
