"""What is told of answers: figures with intervals, subgroups, strangers, pictures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dupi.knowledge.vocabulary import Condition
from export.judging.judged import Judged
from export.judging.plots import write_plots
from export.judging.report import Graded, grade_report
from export.judging.scores import COLUMNS, OVERALL
from export.judging.strangers import domain_report
from tests.export.judging.answers import answered, noisy, one_hot

pytestmark = pytest.mark.ml

NEVER = np.zeros(6)


@pytest.fixture(scope="module")
def graded() -> Graded:
    return grade_report(noisy(480), np.full(6, 0.5), replicates=100)


def test_every_figure_lies_within_its_interval_and_has_the_majority_beside(graded: Graded) -> None:
    assert set(graded.scores) == set(COLUMNS)
    for scores in graded.scores.values():
        for name, figure in scores.figures.items():
            assert figure.low <= figure.value <= figure.high, name
            assert figure.low < figure.high, name
            assert (figure.majority is None) == (name == "ece")
        assert len(scores.recall) == 4


def test_all_six_together_are_the_mean_of_the_conditions(graded: Graded) -> None:
    own = [graded.scores[str(c)].figures["qwk"].value for c in Condition]
    assert graded.scores[OVERALL].figures["qwk"].value == pytest.approx(np.mean(own))
    wrong = [graded.scores[str(c)].figures["risk"].value for c in Condition]
    assert graded.scores[OVERALL].figures["risk"].value == pytest.approx(np.mean(wrong))


def test_what_is_told_is_what_is_so(graded: Graded) -> None:
    judged = noisy(480)
    scores = graded.scores[str(Condition.DANDRUFF)]
    confidence, right = judged.confidence[:, 4], judged.right[:, 4]
    assert scores.figures["exact"].value == pytest.approx(right.mean())
    assert scores.abstained.value == pytest.approx((confidence < 0.5).mean())
    assert scores.risk_of_kept.value == pytest.approx((~right[confidence >= 0.5]).mean())
    assert np.sum(scores.confusion) == 480
    assert sum(b.photos for b in scores.reliability) == 480
    assert scores.coverage[-1] == 1.0
    assert (graded.photos, graded.groups, graded.devices) == (480, 120, 2)


def test_strangers_have_no_grade_to_be_right_about() -> None:
    true = np.array([[0] * 6] * 4 + [[3] * 6] * 4 + [[-1] * 6] * 8)
    judged = answered(true, one_hot(np.zeros_like(true)))
    graded = grade_report(judged, NEVER, replicates=20)
    assert graded.photos == 8
    assert graded.severe == dict.fromkeys(map(str, Condition), 4)
    assert graded.scores[OVERALL].figures["exact"].value == 0.5
    assert graded.scores[OVERALL].figures["severe_as_none"].value == 1.0
    assert (graded.clear_photos, graded.clear_right.value) == (4, 1.0)


def test_subgroups_are_told_apart_and_small_ones_marked() -> None:
    true = np.tile(np.arange(4)[:, None], (130, 6))
    seen = true.copy()
    seen[:8] = 0  # one device's first sessions
    judged = answered(true, one_hot(seen))
    devices = np.where(np.arange(520) < 8, "worn out", "good")
    groups = grade_report(replace(judged, devices=devices), NEVER, replicates=20).subgroups
    assert set(groups) == {"device", "site", "age", "gender"}
    good, worn_out = groups["device"]
    assert (good.name, good.photos, good.small, good.figures["exact"].value) == (
        "good", 512, False, 1.0,
    )  # fmt: skip
    assert (worn_out.name, worn_out.photos, worn_out.small) == ("worn out", 8, True)
    assert worn_out.figures["exact"].value == 0.25
    assert [group.name for group in groups["site"]] == ["BACK", "CROWN", "LEFT", "RIGHT"]
    assert not groups["age"]


def strangers_of(kinds: dict[str, np.ndarray]) -> Judged:
    """200 scalps whose scores are 0.5 to 1, and strangers with the scores given."""
    scores = np.concatenate([np.linspace(0.5, 1, 200), *kinds.values()])
    true = np.where(np.arange(len(scores))[:, None] < 200, 0, np.full(6, -1))
    names = ["scalp"] * 200 + [kind for kind, s in kinds.items() for _ in s]
    return answered(
        true, one_hot(true.clip(0)), domain=scores, kinds=np.array(names),
        groups=np.arange(len(scores)).astype(np.str_),
    )  # fmt: skip


def test_strangers_are_counted_by_kind_at_both_thresholds() -> None:
    judged = strangers_of({"fur": np.array([0.1, 0.2, 0.51, 0.9]), "text": np.array([0.01] * 5)})
    found = domain_report(judged, 0.85, replicates=20)
    assert found.scalps_kept.value == pytest.approx(0.3)
    assert found.threshold_at_99 == pytest.approx(0.505, abs=0.005)
    fur, text = found.kinds
    assert (fur.name, fur.photos, fur.sources) == ("fur", 4, 4)
    assert (fur.taken.value, fur.taken_at_99.value) == (0.25, 0.5)
    assert (text.taken.value, text.taken_at_99.value) == (0.0, 0.0)


def never_wrong() -> Graded:
    true = np.tile(np.arange(4)[:, None], (10, 6))
    return grade_report(answered(true, one_hot(true)), NEVER, replicates=10)


def test_where_nothing_is_wrong_abstaining_gains_nothing() -> None:
    figures = never_wrong().scores[OVERALL].figures
    assert (figures["risk"].value, figures["aurc"].value) == (0.0, 0.0)
    assert np.isnan(figures["factor"].value)


def test_pictures_are_drawn_of_all_six(graded: Graded, tmp_path: Path) -> None:
    dandruff = str(Condition.DANDRUFF)
    mixed = {**graded.scores, dandruff: never_wrong().scores[dandruff]}
    paths = write_plots(mixed, tmp_path)
    assert [path.name for path in paths] == [
        "confusion.png", "reliability.png", "risk-coverage.png",
    ]  # fmt: skip
    for path in paths:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L"))
        assert pixels.shape == (792, 1210)
        halves = [part for half in np.split(pixels, 2) for part in np.array_split(half, 3, axis=1)]
        assert all(part.std() > 5 for part in halves)
