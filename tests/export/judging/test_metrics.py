"""Figures against values by hand, against scikit-learn, and against what must always hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from export.judging import metrics
from tests.export.judging.answers import answered, one_hot

pytestmark = pytest.mark.ml

COUNTS = np.array([[8, 2, 0, 0], [1, 6, 1, 0], [0, 2, 4, 2], [1, 0, 1, 2]])
TABLES = st.lists(st.integers(0, 12), min_size=16, max_size=16).map(
    lambda numbers: np.array(numbers).reshape(4, 4)
)


def rows_of(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The grades that ``counts`` counts, one by one."""
    true, given_grade = np.indices((4, 4))
    return true.repeat(counts.ravel()), given_grade.ravel().repeat(counts.ravel())


def test_figures_by_hand() -> None:
    assert float(metrics.exact(COUNTS)) == pytest.approx(20 / 30)
    assert float(metrics.within_one(COUNTS)) == pytest.approx(29 / 30)
    assert float(metrics.mean_error(COUNTS)) == pytest.approx((9 + 3) / 30)
    assert float(metrics.severe_as_none(COUNTS)) == 1 / 4
    assert metrics.recalls(COUNTS).tolist() == [0.8, 0.75, 0.5, 0.5]
    agreeing = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]])
    # seen: 9 of 3; by chance: rows 1, 2 and columns 2, 1 of 3: (1·1·9 + 2·2·9) / 3 = 15
    assert float(metrics.quadratic_kappa(agreeing)) == pytest.approx(1 - 9 / 15)


def test_counts_of_grades() -> None:
    true, given_grade = rows_of(COUNTS)
    assert (metrics.confusion(true, given_grade) == COUNTS).all()


@given(counts=TABLES)
@settings(deadline=None, max_examples=60)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_they_are_scikit_learns(counts: np.ndarray) -> None:
    true, given_grade = rows_of(counts)
    if len(np.unique(np.concatenate([true, given_grade]))) < 2:
        return
    kappa = sklearn_metrics.cohen_kappa_score(true, given_grade, weights="quadratic")
    assert float(metrics.quadratic_kappa(counts)) == pytest.approx(kappa, nan_ok=True)
    f1 = sklearn_metrics.f1_score(
        true, given_grade, labels=np.unique(true), average="macro", zero_division=0
    )
    assert float(metrics.macro_f1(counts)) == pytest.approx(f1)
    error = sklearn_metrics.mean_absolute_error(true, given_grade)
    assert float(metrics.mean_error(counts)) == pytest.approx(error)


@given(counts=TABLES, times=st.integers(2, 9))
@settings(deadline=None, max_examples=60)
def test_kappa_does_not_care_who_is_who_or_which_end_is_up(counts: np.ndarray, times: int) -> None:
    kappa = float(metrics.quadratic_kappa(counts))
    same = pytest.approx(kappa, nan_ok=True)
    assert float(metrics.quadratic_kappa(counts.T)) == same
    assert float(metrics.quadratic_kappa(counts[::-1, ::-1])) == same
    assert float(metrics.quadratic_kappa(counts * times)) == same
    assert not kappa > 1


@given(tables=st.lists(TABLES, min_size=2, max_size=4))
@settings(deadline=None, max_examples=30)
def test_many_at_once_are_each_alone(tables: list[np.ndarray]) -> None:
    for figure in metrics.FIGURES.values():
        together = figure(np.stack(tables))
        assert together.shape == (len(tables),)
        assert together.tolist() == pytest.approx([float(figure(t)) for t in tables], nan_ok=True)


def test_nothing_to_measure_is_no_number() -> None:
    nothing = np.zeros((4, 4), np.int64)
    assert all(np.isnan(figure(nothing)) for figure in metrics.FIGURES.values())
    assert np.isnan(metrics.severe_as_none(np.diag([5, 5, 5, 0])))


def test_the_majority_gives_one_grade_and_agrees_by_chance_alone() -> None:
    majority = metrics.of_majority(COUNTS)
    assert majority.tolist() == [[10, 0, 0, 0], [8, 0, 0, 0], [8, 0, 0, 0], [4, 0, 0, 0]]
    assert float(metrics.quadratic_kappa(majority)) == 0
    assert float(metrics.severe_as_none(majority)) == 1


def test_strangers_have_no_grade_to_count() -> None:
    true = np.array([[0] * 6, [1] * 6, [2] * 6, [3] * 6, [-1] * 6])
    counts = metrics.confusions(answered(true, one_hot(3 - true.clip(0))))
    assert counts.shape == (6, 4, 4)
    assert (counts == np.eye(4)[::-1]).all()
