"""Intervals by resampling groups: they cover what they should, and a group counts once."""

import numpy as np
import pytest

from export.judging.bootstrap import interval, resample

pytestmark = pytest.mark.ml


def bounds(values: np.ndarray, groups: np.ndarray, seed: int = 0) -> tuple[float, float]:
    samples = resample(groups, replicates=400, seed=seed)
    totals = samples.totals(np.stack([values, np.ones_like(values)], axis=1))
    low, high = interval(totals[:, :1] / totals[:, 1:])
    return float(low[0]), float(high[0])


def test_totals_are_those_of_the_rows_drawn() -> None:
    groups = np.array(["a", "b", "a", "c"])
    samples = resample(groups, replicates=6, seed=4)
    values = np.arange(8.0).reshape(4, 2)
    assert samples.groups == 3
    assert (samples.weights.sum(axis=1) == 3).all()
    for weights, total in zip(samples.weights, samples.totals(values), strict=True):
        rows = np.repeat(np.arange(4), weights[samples.rows].astype(int))
        assert total.tolist() == values[rows].sum(axis=0).tolist()


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(5), 0
    for trial in range(120):
        own = rng.normal(0, 1, 40).repeat(3)  # what the photos of a group share
        groups = np.arange(40).repeat(3).astype(np.str_)
        low, high = bounds(own + rng.normal(0, 0.3, 120), groups, seed=trial)
        hits += low <= 0 <= high
    assert 104 <= hits <= 119  # 95 % of 120 are 114; resampling few groups is a little too sure


def test_copies_of_a_photo_make_nothing_surer() -> None:
    rng = np.random.default_rng(6)
    values, groups = rng.normal(size=50), np.arange(50).astype(np.str_)
    alone, copied = bounds(values, groups), bounds(values.repeat(5), groups.repeat(5))
    assert copied == pytest.approx(alone)
    low, high = bounds(values.repeat(5), np.arange(250).astype(np.str_))
    assert high - low < 0.6 * (alone[1] - alone[0])  # as if they were other people's


def test_the_same_seed_draws_the_same() -> None:
    groups = np.array(list("abcdef"))
    one, same, other = (resample(groups, replicates=9, seed=s).weights for s in (1, 1, 2))
    assert (one == same).all()
    assert not (one == other).all()


def test_what_no_resample_knows_has_no_interval() -> None:
    low, high = interval(np.array([[np.nan, 1.0], [np.nan, np.nan]]))
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (1.0, 1.0)


def test_no_photos_cannot_be_resampled() -> None:
    with pytest.raises(ValueError, match="no photos"):
        resample(np.array([], np.str_))
