"""The checks of attention maps, on heads of which one knows where they look."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from export.judging.attention import (
    deletion,
    likeness_to_random,
    pointing,
    randomised,
    rank_correlation,
)

pytestmark = pytest.mark.ml

CELLS, SIZE = 4, 32


def lit(places: list[int]) -> np.ndarray:
    """Photos of 4 x 4 cells, dark but for one cell each."""
    photos = np.zeros((len(places), SIZE, SIZE, 3), np.uint8)
    for photo, place in zip(photos, places, strict=True):
        row, column = divmod(place, CELLS)
        photo[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = 255
    return photos


def light_of_cells(photos: np.ndarray) -> np.ndarray:
    return photos[..., 0].reshape(-1, CELLS, 8, CELLS, 8).mean(axis=(2, 4)) / 255


def honest(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sees a finding where there is light, and points at it."""
    light = light_of_cells(photos)
    return light.max(axis=(1, 2)), light


def lying(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    chance, attention = honest(photos)
    return chance, 1 - attention


def test_a_map_that_points_at_the_reason_deletes_it_first() -> None:
    photos, clear = lit([0, 5, 11, 15, 3, 6]), lit([0] * 6) * 0
    found = deletion(honest, photos, clear)
    assert found.by_map < found.at_random < found.turned_round
    assert found.by_map == pytest.approx(0.05)  # gone with the first tenth
    assert found.less_than_random == 1.0


def test_a_map_that_points_elsewhere_is_found_out() -> None:
    found = deletion(lying, lit([0, 5, 11, 15, 3, 6]), lit([0] * 6) * 0)
    assert found.by_map > found.at_random
    assert found.less_than_random < 0.5


class Weighing(nn.Module):
    """A map from one layer's weights."""

    def __init__(self) -> None:
        super().__init__()
        self.weigh = nn.Conv2d(64, 1, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.weigh(features)[:, 0]
        return seen.flatten(1).mean(dim=1), seen


class Bright(nn.Module):
    """A map that is the same whatever the weights are."""

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return features.mean(dim=(1, 2, 3)), features.sum(dim=1)


def test_a_randomised_head_looks_elsewhere() -> None:
    features = torch.randn(8, 64, 6, 6, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    head = Weighing().eval()
    assert abs(likeness_to_random(head, features)) < 0.3
    assert likeness_to_random(Bright(), features) == pytest.approx(1.0)


def test_randomising_leaves_the_head_itself_alone() -> None:
    head = Weighing()
    before = head.weigh.weight.clone()
    other = randomised(head)
    assert torch.equal(head.weigh.weight, before)
    assert not torch.equal(other.weigh.weight, before)


def test_rank_correlation_is_scipys() -> None:
    one, other = torch.rand(3, 5, 5), torch.rand(3, 5, 5).round(decimals=1)
    wanted = [
        spearmanr(a.flatten(), b.flatten()).statistic for a, b in zip(one, other, strict=True)
    ]
    assert rank_correlation(one, other).tolist() == pytest.approx(wanted)
    assert np.isnan(rank_correlation(one, torch.ones(3, 5, 5))).all()


def test_pointing_by_hand() -> None:
    maps = np.array([[[0.0, 3.0], [1.0, 0.0]], [[2.0, 0.0], [0.0, 2.0]]])
    lesions = np.array([[[0.0, 0.5], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
    found = pointing(maps, lesions)
    assert (found.hits, found.chance) == (0.5, 0.25)
    assert found.mass == pytest.approx((1.5 / 4 + 2 / 4) / 2)
    assert found.area == pytest.approx(1.5 / 8)


def test_pointing_leaves_out_what_no_map_can_miss() -> None:
    maps, lesions = np.ones((3, 2, 2)), np.ones((3, 2, 2))
    lesions[1] = [[0.5, 0.0], [0.0, 0.0]]
    assert pointing(maps, lesions).photos == 1
    nothing = pointing(maps[:1], lesions[:1])
    assert (nothing.photos, np.isnan(nothing.mass)) == (0, True)
