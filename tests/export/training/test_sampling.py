"""Which photos an epoch shows."""

import numpy as np
import pytest

from export.training.sampling import epoch_rows, rarity, steps_of
from tests.export.training.tiny import some_photos, tiny

pytestmark = pytest.mark.ml

GRADES = some_photos(40).grades
RARE = np.zeros((100, 6), np.int64)
RARE[:4, 3] = 3
RARE[90:] = -1


def test_an_epoch_shows_all_once_as_far_as_batches_are_whole() -> None:
    recipe = tiny(batch_size=4, accumulate=2, steps_an_epoch=0)
    steps = epoch_rows(recipe, GRADES, 0)
    assert len(steps) == steps_of(recipe, 40) == 5
    assert [len(batches) for batches in steps] == [2] * 5
    assert sorted(np.concatenate([row for batches in steps for row in batches])) == list(range(40))


def test_an_epoch_of_more_steps_repeats_as_little_as_it_can() -> None:
    rows = np.concatenate(epoch_rows(tiny(batch_size=10, steps_an_epoch=9), GRADES, 0))
    assert set(np.bincount(rows.ravel(), minlength=40)) == {2, 3}


def test_seed_and_epoch_alone_decide() -> None:
    recipe = tiny(rare_grades=0.5)
    assert np.array_equal(epoch_rows(recipe, GRADES, 3), epoch_rows(recipe, GRADES, 3))
    assert not np.array_equal(epoch_rows(recipe, GRADES, 3), epoch_rows(recipe, GRADES, 4))
    other = recipe.model_copy(update={"seed": 2})
    assert not np.array_equal(epoch_rows(recipe, GRADES, 3), epoch_rows(other, GRADES, 3))


def test_rare_grades_come_more_often_and_strangers_as_often_as_they_are() -> None:
    chances = rarity(RARE)
    assert chances.sum() == pytest.approx(1)
    assert chances[90:].sum() == pytest.approx(0.1)
    assert chances[0] > 10 * chances[50]
    plain = np.ravel(epoch_rows(tiny(steps_an_epoch=100), RARE, 0))
    helped = np.ravel(epoch_rows(tiny(steps_an_epoch=100, rare_grades=0.5), RARE, 0))
    assert (helped < 4).sum() > 3 * (plain < 4).sum()
