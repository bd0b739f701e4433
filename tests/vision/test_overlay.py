"""Attention maps become pictures that can be laid over their photo."""

import numpy as np
import numpy.typing as npt

from dupi.vision.overlay import attention_png
from tests.support.photos import decoded


def overlay(attention: npt.ArrayLike, width: int = 640, height: int = 480) -> npt.NDArray[np.uint8]:
    image = decoded(attention_png(np.asarray(attention, dtype=np.float32), width, height))
    assert (image.format, image.mode, image.size) == ("PNG", "P", (width, height))
    return np.asarray(image.convert("RGBA"))


def test_nothing_is_laid_where_nothing_was_looked_at() -> None:
    assert overlay(np.zeros((10, 10)))[..., 3].max() == 0


def test_the_place_that_was_looked_at_is_seen() -> None:
    attention = np.zeros((10, 10))
    attention[2, 7] = 1.0
    alpha = overlay(attention)[..., 3]
    row, column = np.unravel_index(alpha.argmax(), alpha.shape)
    assert abs(row / 480 - 0.25) < 0.03
    assert abs(column / 640 - 0.75) < 0.03
    assert 100 < alpha.max() < 200
    assert alpha[400, 100] == 0


def test_colours_run_from_yellow_to_dark_red_without_steps() -> None:
    ramp = overlay(np.tile(np.linspace(0, 1, 32), (32, 1)), 512, 512)[256].astype(int)
    lightness = ramp[:, :3].sum(axis=1)
    assert lightness[200] > lightness[-1] + 150
    assert np.abs(np.diff(ramp, axis=0)[120:]).max() < 12


def test_values_out_of_range_do_no_harm() -> None:
    assert overlay([[np.nan, np.inf], [-np.inf, 7.0]], 64, 64).shape == (64, 64, 4)


def test_a_large_overlay_stays_small_in_bytes() -> None:
    random = np.random.default_rng(1)
    png = attention_png(random.random((10, 10), dtype=np.float32), 2048, 1536)
    assert len(png) < 750_000
