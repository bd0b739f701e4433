"""Scalp microscopes: each device has its own colour, focus, light and compression.

A device follows from its serial number alone. Those of a test set are another make than those of
training: their properties are drawn from shifted ranges that overlap, and no serial is in both.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from export.data.drawing.canvas import Colour
from export.data.drawing.sampling import Purpose

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Make:
    """Ranges of its devices' properties; ``warmth`` is red's gain over blue's."""

    prefix: str
    devices: int
    warmth: Range
    tint: Range
    exposure: Range
    gamma: Range
    blur: Range
    sharpening: Range
    fall_off: Range
    noise: Range
    quality: Range
    magnification: Range
    ring: Range


MAKES: Final[Mapping[Purpose, Make]] = {
    Purpose.TRAINING: Make(
        prefix="A2LEBJJDE",
        devices=96,
        warmth=(0.90, 1.14),
        tint=(0.96, 1.04),
        exposure=(0.86, 1.07),
        gamma=(0.92, 1.14),
        blur=(0.0, 1.7),
        sharpening=(0.0, 0.9),
        fall_off=(0.02, 0.34),
        noise=(0.8, 6.0),
        quality=(62, 95),
        magnification=(0.86, 1.18),
        ring=(0.0, 0.5),
    ),
    Purpose.TEST: Make(
        prefix="B7KMCQQFG",
        devices=40,
        warmth=(0.86, 1.05),
        tint=(0.97, 1.045),
        exposure=(0.88, 1.08),
        gamma=(0.94, 1.20),
        blur=(0.4, 2.0),
        sharpening=(0.3, 1.2),
        fall_off=(0.10, 0.40),
        noise=(2.0, 7.0),
        quality=(55, 90),
        magnification=(0.84, 1.12),
        ring=(0.2, 0.6),
    ),
}


@dataclass(frozen=True, slots=True)
class Device:
    """``gains`` of red, green and blue; ``blur`` in units (1/640 of the width); ``noise`` in grey
    levels; ``quality`` of its JPEGs; ``ring``: how bright its ring of lamps is reflected."""

    serial: str
    gains: Colour
    gamma: float
    blur: float
    sharpening: float
    fall_off: float
    noise: float
    quality: int
    magnification: float
    ring: float


def device_of(serial: str) -> Device:
    """The device of this serial number; raises ``KeyError`` where no make has its prefix."""
    make = {make.prefix: make for make in MAKES.values()}[serial[:9]]
    rng = np.random.default_rng(list(hashlib.sha256(serial.encode()).digest()))
    warmth, tint, exposure = (rng.uniform(*r) for r in (make.warmth, make.tint, make.exposure))
    return Device(
        serial=serial,
        gains=(exposure * warmth**0.5, exposure * tint, exposure * warmth**-0.5),
        gamma=rng.uniform(*make.gamma),
        blur=rng.uniform(*make.blur),
        sharpening=rng.uniform(*make.sharpening),
        fall_off=rng.uniform(*make.fall_off),
        noise=rng.uniform(*make.noise),
        quality=round(rng.uniform(*make.quality)),
        magnification=rng.uniform(*make.magnification),
        ring=max(0.0, rng.uniform(make.ring[0] - make.ring[1], make.ring[1])),
    )


def pick_device(rng: np.random.Generator, purpose: Purpose) -> Device:
    make = MAKES[purpose]
    return device_of(f"{make.prefix}{rng.integers(make.devices):05d}O")
