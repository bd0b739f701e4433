"""Photos to measure with: the drawn examples, whole or cut, in an order that the seed decides."""

import random
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from api.local_stack.demo.photos import EXAMPLES, example_photos
from dupi.vision.contract import INPUT_SIZE

_LEAST_SHARE: Final = 0.6


def example_files() -> list[Path]:
    return [EXAMPLES / one["file"] for one in example_photos()]


def model_inputs(dice: random.Random, count: int) -> npt.NDArray[np.uint8]:
    """Different cuts of the examples, as the classifiers take them: uint8 ``[count, S, S, 3]``."""
    pictures = [Image.open(path).convert("RGB") for path in example_files()]
    return np.stack([_cut(dice, dice.choice(pictures)) for _ in range(count)])


def _cut(dice: random.Random, picture: Image.Image) -> npt.NDArray[np.uint8]:
    side = dice.uniform(_LEAST_SHARE, 1) * min(picture.size)
    left, top = (dice.uniform(0, length - side) for length in picture.size)
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((INPUT_SIZE, INPUT_SIZE), Image.Resampling.BICUBIC, box))
