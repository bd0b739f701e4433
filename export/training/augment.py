"""Augmentation as tensor code, a photo at a time drawn from one generator: scene, lens, sensor.

What a device does to a photo (colour cast, gamma, vignette, blur, noise, compression) is drawn
anew for each, so that what is learnt carries over to devices never trained on.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Generator, Tensor
from torch.nn import functional

from export.recipe import Augmentation

_GREY: Final = (0.299, 0.587, 0.114)
_TO_YIQ: Final = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def augment(photos: Tensor, size: int, wanted: Augmentation, generator: Generator) -> Tensor:
    """uint8 ``[B, S, S, 3]`` to RGB ``[B, 3, size, size]`` from 0 to 1, changed as ``wanted``."""
    return augment_all(photos, [], size, wanted, generator)[0]


def augment_all(
    photos: Tensor, maps: list[Tensor], size: int, wanted: Augmentation, generator: Generator
) -> list[Tensor]:
    """What ``augment`` gives, and ``maps`` of the photos ``[B, C, h, w]`` flipped and moved with
    them."""
    pixels = resized(photos.permute(0, 3, 1, 2).float() / 255.0, size)
    placed = [pixels, *maps]
    if wanted.flips:
        placed = flipped(placed, generator)
    if wanted.rotation or wanted.crop:
        placed = moved(placed, wanted.rotation, wanted.crop, generator)
    return [changed(placed[0], wanted, generator), *placed[1:]]


def changed(pixels: Tensor, wanted: Augmentation, generator: Generator) -> Tensor:
    """By light, lens and sensor."""
    for name, change in _CHANGES.items():
        if strength := getattr(wanted, name):
            pixels = change(pixels, strength, generator).clamp(0.0, 1.0)
    return pixels


def resized(pixels: Tensor, size: int) -> Tensor:
    if pixels.shape[-1] == size:
        return pixels
    return functional.interpolate(
        pixels, size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )


def _between(pixels: Tensor, low: float, high: float, generator: Generator, *more: int) -> Tensor:
    """A number a photo ``[B, *more]``, 1 x 1 x 1 where no shape is given."""
    shape = (len(pixels), *(more or (1, 1, 1)))
    return low + (high - low) * torch.rand(shape, generator=generator, device=pixels.device)


def flipped(placed: list[Tensor], generator: Generator) -> list[Tensor]:
    for axis in (2, 3):
        chosen = _between(placed[0], 0, 1, generator) < 0.5
        placed = [torch.where(chosen, one.flip(axis), one) for one in placed]
    return placed


def moved(placed: list[Tensor], rotation: float, crop: float, generator: Generator) -> list[Tensor]:
    """Turned by up to ``rotation`` degrees, and a square of ``1 - crop`` of the area or more taken
    from anywhere (RandomResizedCrop); what would lie outside is mirrored in.
    """
    pixels = placed[0]
    angle = _between(pixels, -rotation, rotation, generator, 1).squeeze(1) * (math.pi / 180)
    side = _between(pixels, 1 - crop, 1, generator, 1).squeeze(1).sqrt()
    shift = (1 - side)[:, None] * _between(pixels, -1, 1, generator, 2)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1).view(-1, 2, 2)
    affine = torch.cat([turn * side[:, None, None], shift[..., None]], dim=2)
    return [_sampled(one, affine) for one in placed]


def _sampled(pixels: Tensor, affine: Tensor) -> Tensor:
    grid = functional.affine_grid(affine, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)


def brightness(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    return pixels * _between(pixels, 1 - strength, 1 + strength, generator)


def contrast(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    middle = _grey(pixels).mean(dim=(2, 3), keepdim=True)
    return middle + (pixels - middle) * _between(pixels, 1 - strength, 1 + strength, generator)


def saturation(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    grey = _grey(pixels)
    return grey + (pixels - grey) * _between(pixels, 1 - strength, 1 + strength, generator)


def _grey(pixels: Tensor) -> Tensor:
    weights = torch.tensor(_GREY, device=pixels.device).view(1, 3, 1, 1)
    return (pixels * weights).sum(dim=1, keepdim=True)


def hue(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """Turns colours about the grey axis, by ``strength`` of a turn at most."""
    angle = 2 * math.pi * _between(pixels, -strength, strength, generator, 1).squeeze(1)
    to_yiq = torch.tensor(_TO_YIQ, device=pixels.device)
    turn = torch.eye(3, device=pixels.device).repeat(len(pixels), 1, 1)
    turn[:, 1, 1] = turn[:, 2, 2] = angle.cos()
    turn[:, 1, 2], turn[:, 2, 1] = -angle.sin(), angle.sin()
    return torch.einsum("bij,bjhw->bihw", torch.linalg.inv(to_yiq) @ turn @ to_yiq, pixels)


def blur(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """Gaussian, with a deviation of up to ``strength`` pixels."""
    deviation = _between(pixels, 0.05, max(0.05, strength), generator, 1)
    reach = max(1, math.ceil(2.5 * strength))
    places = torch.arange(-reach, reach + 1, device=pixels.device)
    kernel = torch.exp(-0.5 * (places / deviation) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(3, dim=0)
    rows = functional.pad(pixels, (reach,) * 4, mode="reflect").flatten(0, 1)[None]
    rows = functional.conv2d(rows, kernel[:, None, :, None], groups=len(kernel))
    rows = functional.conv2d(rows, kernel[:, None, None, :], groups=len(kernel))
    return rows.view_as(pixels)


def vignette(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """Corners are darker by up to ``strength``."""
    place = torch.linspace(-1, 1, pixels.shape[-1], device=pixels.device)
    squared = (place[:, None] ** 2 + place[None, :] ** 2) / 2
    return pixels * (1 - _between(pixels, 0, strength, generator) * squared)


def cast(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """Each colour is stronger or weaker by up to ``strength``."""
    return pixels * _between(pixels, 1 - strength, 1 + strength, generator, 3, 1, 1)


def gamma(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """Raised to a power between ``exp(-strength)`` and ``exp(strength)``."""
    return pixels.clamp_min(1e-4) ** _between(pixels, -strength, strength, generator).exp()


def noise(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """Gaussian, with a deviation of up to ``strength``."""
    drawn = torch.randn(pixels.shape, generator=generator, device=pixels.device)
    return pixels + drawn * _between(pixels, 0, strength, generator)


def compression(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """As JPEG does: colours lose detail, brightness some, by up to ``strength`` of it."""
    coarse = functional.interpolate(
        functional.avg_pool2d(pixels, 2, ceil_mode=True), size=pixels.shape[2:]
    )
    grey, coarse_grey = _grey(pixels), _grey(coarse)
    lost = _between(pixels, 0, strength, generator)
    colours = (pixels - grey) * (1 - lost) + (coarse - coarse_grey) * lost
    return grey + 0.5 * lost * (coarse_grey - grey) + colours


def cutout(pixels: Tensor, strength: float, generator: Generator) -> Tensor:
    """A grey square, its side up to ``strength`` of the photo's (DeVries and Taylor 2017)."""
    place = torch.linspace(0, 1, pixels.shape[-1], device=pixels.device)
    half = _between(pixels, 0, strength / 2, generator, 1)
    inside = [(place - _between(pixels, 0, 1, generator, 1)).abs() < half for _ in range(2)]
    square = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return torch.where(square, torch.full_like(pixels, 0.5), pixels)


_CHANGES: Final[Mapping[str, Callable[[Tensor, float, Generator], Tensor]]] = {
    "brightness": brightness,
    "contrast": contrast,
    "saturation": saturation,
    "hue": hue,
    "blur": blur,
    "vignette": vignette,
    "cast": cast,
    "gamma": gamma,
    "noise": noise,
    "compression": compression,
    "cutout": cutout,
}
