"""What the device adds: light fall-off, a colour cast, focus and noise, all moderate."""

import numpy as np
from PIL import Image, ImageFilter

from export.data.drawing.canvas import HEIGHT, WIDTH


def photograph(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    focused = photo.filter(ImageFilter.GaussianBlur(rng.uniform(0.0, 0.8)))
    light = _fall_off(rng) * rng.uniform(0.93, 1.06)
    cast = 1 + rng.uniform(-0.025, 0.025, 3)
    noise = rng.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32) * rng.uniform(1.0, 4.0)
    pixels = np.asarray(focused, np.float32) * (light[..., None] * cast.astype(np.float32)) + noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _fall_off(rng: np.random.Generator) -> np.ndarray:
    strength = rng.uniform(0.02, 0.22)
    x = (np.linspace(-1, 1, WIDTH, dtype=np.float32) - rng.uniform(-0.2, 0.2)) ** 2
    y = (np.linspace(-1, 1, HEIGHT, dtype=np.float32) - rng.uniform(-0.2, 0.2)) ** 2
    return np.asarray(1.0 - strength * (x[None, :] + y[:, None]) / 2, np.float32)
