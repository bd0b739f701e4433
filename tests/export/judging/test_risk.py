"""Risk and coverage by hand, and what must hold whoever is judged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.judging import risk
from export.judging.bootstrap import Resamples, resample

pytestmark = pytest.mark.ml

FINDINGS = st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=60).map(
    lambda rows: (np.array([c / 20 for c, _ in rows]), np.array([r for _, r in rows]))
)
AREA = risk.RISK_FIGURES.index("aurc")


def test_the_curve_by_hand() -> None:
    confidence = np.array([0.9, 0.5, 0.7, 0.6])
    right = np.array([True, False, True, False])
    line = risk.curve(confidence, right)
    assert line.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert line.risk.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 2])
    area, all_of_them, kept, factor = risk.figures(confidence, right).tolist()
    assert area == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert (all_of_them, kept, factor) == (0.5, 0.5, 1.0)


def test_what_abstaining_on_a_tenth_brings() -> None:
    confidence = np.linspace(0.1, 1.0, 20)
    right = np.ones(20, np.bool_)
    right[[0, 10]] = False  # the least sure is wrong, and one in the middle
    _, all_of_them, kept, factor = risk.figures(confidence, right).tolist()
    assert (all_of_them, kept) == (0.1, pytest.approx(1 / 18))
    assert factor == pytest.approx(10 / 18)
    assert np.isnan(risk.figures(confidence, np.ones(20, np.bool_))[3])


@given(findings=FINDINGS, seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_the_order_of_the_photos_is_nothing(
    findings: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    confidence, right = findings
    rows = np.random.default_rng(seed).permutation(len(right))
    once, again = risk.figures(confidence, right), risk.figures(confidence[rows], right[rows])
    assert once.tolist() == pytest.approx(again.tolist(), nan_ok=True)


@given(right=st.lists(st.booleans(), min_size=1, max_size=40), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_nobody_does_better_than_who_knows(right: list[bool], seed: int) -> None:
    known = np.array(right)
    rng = np.random.default_rng(seed)
    oracle = known + rng.permutation(len(known)) / len(known)  # all right ones surer than wrong
    line = risk.curve(oracle, known)
    assert (np.diff(line.risk) >= -1e-12).all()
    best = risk.figures(oracle, known)[AREA]
    other = risk.figures(rng.permutation(len(known)) / len(known), known)[AREA]
    assert best <= other + 1e-12


@given(findings=FINDINGS)
@settings(deadline=None, max_examples=40)
def test_a_resample_that_draws_all_once_is_the_whole(
    findings: tuple[np.ndarray, np.ndarray],
) -> None:
    confidence, right = findings
    once = Resamples(np.ones((1, len(right))), np.arange(len(right)))
    whole = risk.figures(confidence, right)
    assert risk.resampled(confidence, right, once)[0].tolist() == pytest.approx(
        whole.tolist(), nan_ok=True
    )


def test_a_resample_is_the_figures_of_the_photos_it_drew() -> None:
    rng = np.random.default_rng(3)
    confidence, right = rng.random(40), rng.random(40) < 0.7
    samples = resample(np.repeat(np.arange(10), 4).astype(np.str_), replicates=5, seed=2)
    drawn = risk.resampled(confidence, right, samples)
    for weights, found in zip(samples.weights, drawn, strict=True):
        rows = np.repeat(np.arange(40), weights[samples.rows].astype(int))
        assert found.tolist() == pytest.approx(
            risk.figures(confidence[rows], right[rows]).tolist(), nan_ok=True
        )


def test_a_picture_gets_few_points_and_the_last() -> None:
    rng = np.random.default_rng(1)
    thin = risk.thinned(risk.curve(rng.random(5000), rng.random(5000) < 0.9))
    assert len(thin.risk) == 200
    assert thin.coverage[-1] == 1.0
