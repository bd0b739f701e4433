"""Attention maps become pictures that can be laid over their photo."""

import numpy as np
import numpy.typing as npt
import pytest

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
    laid = overlay(attention)
    alpha = np.where(is_line(laid), 0, laid[..., 3])
    row, column = np.unravel_index(alpha.argmax(), alpha.shape)
    assert abs(row / 480 - 0.25) < 0.03
    assert abs(column / 640 - 0.75) < 0.03
    assert 100 < alpha.max() < 160  # the photo is seen through it
    assert laid[400, 100, 3] == 0


def is_line(laid: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return np.asarray((laid[..., :3] == 255).all(axis=-1))


def ramp(width: int) -> npt.NDArray[np.uint8]:
    """One row across attention that rises from 0 to 1."""
    return np.asarray(overlay(np.tile(np.linspace(0, 1, 32), (32, 1)), width, 512)[256])


def test_colours_darken_from_pale_blue_to_indigo_without_steps() -> None:
    row = ramp(512)
    colours = row[~is_line(row)].astype(int)
    lightness = colours[:, :3].sum(axis=1)
    assert lightness[200] > lightness[-1] + 150
    assert (np.diff(lightness) <= 0).all()
    assert np.abs(np.diff(colours, axis=0)[120:]).max() < 12
    assert (colours[:, 2] >= colours[:, 0]).all()  # blue, which no skin is


@pytest.mark.parametrize(("width", "thickness"), [(512, 1), (1280, 4)])
def test_lines_part_the_thirds(width: int, thickness: int) -> None:
    places = np.flatnonzero(is_line(ramp(width)))
    one, two = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    assert [one.mean() / width, two.mean() / width] == pytest.approx([1 / 3, 2 / 3], abs=0.02)
    assert len(one) == len(two) == thickness


def test_values_out_of_range_do_no_harm() -> None:
    assert overlay([[np.nan, np.inf], [-np.inf, 7.0]], 64, 64).shape == (64, 64, 4)


def test_a_large_overlay_stays_small_in_bytes() -> None:
    random = np.random.default_rng(1)
    png = attention_png(random.random((10, 10), dtype=np.float32), 2048, 1536)
    assert len(png) < 750_000
