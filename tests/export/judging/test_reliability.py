"""Calibration: bins of equal mass, and the error by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.judging import reliability
from tests.export.judging.answers import noisy

pytestmark = pytest.mark.ml


def error(confidence: np.ndarray, right: np.ndarray, bins: int = reliability.BINS) -> float:
    sums = reliability.sums_by_bin(confidence, right, bins).sum(axis=0)
    return float(reliability.calibration_error(sums))


def test_the_error_by_hand() -> None:
    confidence = np.array([0.5, 0.6, 0.8, 0.9])
    right = np.array([False, True, True, True])
    # two bins: |1.1 - 1| and |1.7 - 2|, of four findings
    assert error(confidence, right, bins=2) == pytest.approx((0.1 + 0.3) / 4)


@given(count=st.integers(15, 400), bins=st.integers(1, 15), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_bins_hold_as_many_as_each_other(count: int, bins: int, seed: int) -> None:
    confidence = np.random.default_rng(seed).permutation(count) / count
    sizes = np.bincount(reliability.bin_of(confidence, bins), minlength=bins)
    assert sizes.max() - sizes.min() <= 1


def test_findings_as_sure_as_each_other_share_a_bin() -> None:
    confidence = np.array([0.3, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert len(set(reliability.bin_of(confidence, 3)[1:].tolist())) == 1
    right = np.array([True, True, True, True, False, False])
    assert error(confidence, right, 3) == pytest.approx((0.7 + 2) / 6)


def test_who_says_what_it_knows_is_calibrated() -> None:
    judged = noisy(4000)
    confidence, right = judged.confidence[:, 0], judged.right[:, 0]
    assert error(confidence, right) < 0.03
    assert error(confidence**0.3, right) > 0.1


def test_empty_bins_are_left_out() -> None:
    sums = reliability.sums_by_bin(np.array([0.5, 0.5]), np.array([True, False])).sum(axis=0)
    assert reliability.bins_of(sums) == [reliability.Bin(2, 0.5, 0.5)]
