from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.drawing import draw_scalp, draw_stranger, grades, pick_kind
from export.data.drawing.grades import NO_CONDITION, Grades, sample_grades
from export.data.drawing.strangers import KINDS


def pixels(drawn: Grades, seed: int = 3) -> np.ndarray:
    return np.asarray(draw_scalp(drawn, np.random.default_rng(seed)), np.float32)


def test_a_photo_depends_on_its_seed_alone() -> None:
    drawn = {**NO_CONDITION, Condition.DANDRUFF: Severity.MODERATE}
    assert np.array_equal(pixels(drawn, 5), pixels(drawn, 5))
    assert not np.array_equal(pixels(drawn, 5), pixels(drawn, 6))


def test_photos_have_the_microscopes_format() -> None:
    for photo in (
        draw_scalp(NO_CONDITION, np.random.default_rng(1)),
        draw_stranger(np.random.default_rng(1)),
    ):
        assert isinstance(photo, Image.Image)
        assert (photo.size, photo.mode) == ((640, 480), "RGB")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_stranger_depends_on_its_seed_alone(kind: str) -> None:
    one, same, other = (draw_stranger(np.random.default_rng(s), kind) for s in (5, 5, 6))
    assert (one.size, one.mode) == ((640, 480), "RGB")
    assert one.tobytes() == same.tobytes() != other.tobytes()


def test_every_other_stranger_is_a_face() -> None:
    rng = np.random.default_rng(0)
    picked = [pick_kind(rng) for _ in range(400)]
    assert set(picked) == set(KINDS)
    assert 150 < picked.count("face") < 250


@pytest.mark.parametrize(
    "ranges",
    [
        grades.FINE_FLAKES,
        grades.SEBUM_COVERAGE,
        grades.ERYTHEMA_STRENGTH,
        grades.ERYTHEMA_COVERAGE,
        grades.INFLAMED_FOLLICLES,
        grades.DANDRUFF_CLUMPS,
        grades.HAIR_DENSITY[::-1],
        grades.HAIR_THICKNESS[::-1],
    ],
)
def test_grades_do_not_touch(ranges: tuple[tuple[float, float], ...]) -> None:
    assert len(ranges) == len(Severity)
    assert all(lower[1] < upper[0] for lower, upper in pairwise(ranges))


def test_redness_grows_with_its_grade() -> None:
    def redness(grade: Severity) -> float:
        photo = pixels({**NO_CONDITION, Condition.INTERFOLLICULAR_ERYTHEMA: grade})
        return float((photo[..., 0] - photo[..., 1]).mean())

    reds = [redness(grade) for grade in Severity]
    assert reds == sorted(reds)


def test_hair_goes_with_its_grade() -> None:
    def dark(grade: Severity) -> float:
        photo = pixels({**NO_CONDITION, Condition.HAIR_LOSS: grade})
        return float((photo.mean(axis=2) < 90).mean())

    shares = [dark(grade) for grade in Severity]
    assert shares == sorted(shares, reverse=True)


def test_sampled_grades_hold_clear_and_single_conditions() -> None:
    rng = np.random.default_rng(0)
    counts = [sum(g > 0 for g in sample_grades(rng).values()) for _ in range(400)]
    assert counts.count(0) > 50
    assert counts.count(1) > 90
    assert max(counts) >= 5
