"""Whether a photo can be graded: size, sharpness, light and contrast, measured at one scale."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from dupi.errors import ImageQualityReason

_SCALE: Final = 512
"""Longer side, in pixels, at which everything is measured: sharpness depends on scale."""

DARK_MEAN: Final = 38.0
BRIGHT_MEAN: Final = 232.0
BURNT_OUT_SHARE: Final = 0.35
"""Share of pixels at white from which a photo is over-exposed."""
LEAST_CONTRAST: Final = 8.0
"""Standard deviation of luma, of 255."""
LEAST_SHARPNESS: Final = 20.0
"""Variance of the Laplacian of luma."""

_GOOD_CONTRAST: Final = 40.0
_GOOD_SHARPNESS: Final = 400.0
_BEST_MEAN: Final = 140.0

Luma = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measures:
    """Mean and standard deviation of luma (0 to 255), share of white, Laplacian's variance."""

    mean: float
    contrast: float
    burnt_out: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """``reasons`` it cannot be graded (none: it can); ``quality`` from 0 to 1."""

    reasons: tuple[ImageQualityReason, ...]
    quality: float


def judge(picture: Image.Image) -> Judgement:
    """Judge an RGB picture."""
    measured = measure(picture)
    return Judgement(reasons=_reasons(measured), quality=_quality(measured))


def measure(picture: Image.Image) -> Measures:
    small = picture.convert("L")
    small.thumbnail((_SCALE, _SCALE), Image.Resampling.LANCZOS)
    luma = np.asarray(small, dtype=np.float32)
    return Measures(
        mean=float(luma.mean()),
        contrast=float(luma.std()),
        burnt_out=float((luma >= 250).mean()),
        sharpness=float(_laplacian(luma).var()),
    )


def _laplacian(luma: Luma) -> Luma:
    """Second derivative in both directions, without the border."""
    sides = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return np.asarray(sides - 4 * luma[1:-1, 1:-1], dtype=np.float32)


def _reasons(measured: Measures) -> tuple[ImageQualityReason, ...]:
    found = {
        ImageQualityReason.TOO_DARK: measured.mean < DARK_MEAN,
        ImageQualityReason.TOO_BRIGHT: measured.mean > BRIGHT_MEAN
        or measured.burnt_out > BURNT_OUT_SHARE,
        ImageQualityReason.LOW_CONTRAST: measured.contrast < LEAST_CONTRAST,
        ImageQualityReason.BLURRED: measured.sharpness < LEAST_SHARPNESS,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def _quality(measured: Measures) -> float:
    """The weakest of sharpness (in a logarithmic scale), contrast and light."""
    sharpness = np.log(max(measured.sharpness, 1.0)) / np.log(_GOOD_SHARPNESS)
    contrast = measured.contrast / _GOOD_CONTRAST
    light = 1 - abs(measured.mean - _BEST_MEAN) / _BEST_MEAN
    return round(float(np.clip(min(sharpness, contrast, 0.4 + light), 0.0, 1.0)), 3)
