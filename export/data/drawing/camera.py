"""What the device adds to every photo, of scalps and of other things alike."""

import numpy as np
from PIL import Image, ImageFilter

from export.data.drawing.canvas import HEIGHT, WIDTH, Canvas, Floats
from export.data.drawing.devices import Device


def photograph(canvas: Canvas, device: Device) -> Image.Image:
    """An RGB photo of what is painted: focus, ring light, fall-off, colour, noise, sharpening."""
    rng = canvas.rng
    light = _fall_off(canvas, device) * rng.uniform(0.94, 1.06)
    canvas.paste(_focused(canvas, device.blur * rng.uniform(0.6, 1.4)))
    gains, ring = np.array(device.gains) * rng.uniform(0.985, 1.015, 3), _ring(canvas, device)
    curve = (255 * (np.arange(1024) / 1023) ** device.gamma).astype(np.float32)
    for channel, gain in zip(canvas.pixels, gains, strict=True):
        seen = channel * (light * np.float32(gain)) + ring
        channel[:] = curve[np.clip(seen * np.float32(1023 / 255), 0, 1023).astype(np.int16)]
    _add_noise(canvas, device.noise)
    sharpening = ImageFilter.UnsharpMask(3 * canvas.scale, round(70 * device.sharpening), 2)
    return canvas.picture().filter(sharpening) if device.sharpening > 0.1 else canvas.picture()


def _focused(canvas: Canvas, blur: float) -> Image.Image:
    return canvas.picture().filter(ImageFilter.GaussianBlur(blur * canvas.scale))


def _fall_off(canvas: Canvas, device: Device) -> Floats:
    """1 in the middle of the light, less towards the edges."""
    x, y = canvas.grid()
    middle = canvas.rng.uniform(-0.2, 0.2, 2)
    across = (2 * x / WIDTH - 1 - middle[0]) ** 2
    down = (2 * y / HEIGHT - 1 - middle[1]) ** 2
    return np.asarray(1.0 - device.fall_off * (across + down) / 2, np.float32)


def _ring(canvas: Canvas, device: Device) -> Floats:
    """The ring of lamps, mirrored faintly by what lies under the glass."""
    if device.ring < 0.05:
        return canvas.empty()
    x, y = canvas.grid()
    centre, radius = canvas.rng.uniform((250, 180), (390, 300)), canvas.rng.uniform(150, 330)
    distance = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2)
    band = np.exp(-(((distance - radius) / canvas.rng.uniform(25, 60)) ** 2))
    return np.asarray(band * (45 * device.ring * canvas.rng.uniform(0.3, 1.0)), np.float32)


def _add_noise(canvas: Canvas, strength: float) -> None:
    """Grain, not quite alike in the channels; a larger photo averages more of it away."""
    grain = canvas.rng.standard_normal(canvas.size[::-1], dtype=np.float32)
    levels = strength * canvas.scale**0.5 * canvas.rng.uniform(0.6, 1.0, 3)
    for channel, level in enumerate(levels):
        canvas.pixels[channel] += grain * np.float32(level)
