"""Drawn scalps and other things: what is drawn is what the grades say, and nothing else changes."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from export.data.drawing import Scene, Setting, draw_scalp, draw_stranger, nuisances, pick_kind
from export.data.drawing.camera import photograph
from export.data.drawing.canvas import Canvas
from export.data.drawing.devices import MAKES, device_of, pick_device
from export.data.drawing.grades import NO_CONDITION, SCALES, Amounts, grades_of, sample_amounts
from export.data.drawing.person import HAIRS, SKINS, some_person
from export.data.drawing.sampling import MIXES, Purpose, mislabel, sample_grades
from export.data.drawing.scalp import WAYS, Scalp
from export.data.drawing.strangers import KINDS
from export.data.drawn import draw_alone

NOTHING: Amounts = dict.fromkeys(Condition, 0.0)
DEVICE = device_of("A2LEBJJDE00007O")
PERSON = next(
    person
    for person in (some_person(np.random.default_rng(seed)) for seed in range(99))
    if (person.skin_type, person.hair_type, person.grey) == ("III", "black", 0.0)
)


def scalp(amounts: Amounts, seed: int = 3, setting: Setting = Setting.USUAL) -> Scalp:
    scene = Scene(amounts, PERSON, ScalpSite.LEFT, DEVICE, setting)
    return draw_scalp(scene, np.random.default_rng(seed), width=160)


def pixels(amounts: Amounts, seed: int = 3) -> np.ndarray:
    return np.asarray(scalp(amounts, seed).photo, np.float32)


def test_a_photo_depends_on_its_seed_alone() -> None:
    amounts = {**NOTHING, Condition.DANDRUFF: 3.0}
    assert np.array_equal(pixels(amounts, 5), pixels(amounts, 5))
    assert not np.array_equal(pixels(amounts, 5), pixels(amounts, 6))


@pytest.mark.parametrize("width", [160, 320, 640])
def test_photos_have_the_microscopes_shape(width: int) -> None:
    rng = np.random.default_rng(1)
    for photo in (
        draw_scalp(
            Scene(NOTHING, some_person(rng), ScalpSite.BACK, DEVICE), rng, width=width
        ).photo,
        draw_stranger("fabric", DEVICE, rng, width=width),
    ):
        assert (photo.size, photo.mode) == ((width, width * 3 // 4), "RGB")


@pytest.mark.parametrize("condition", Condition)
def test_grades_do_not_touch_and_follow_from_their_amounts(condition: Condition) -> None:
    scale, rng = SCALES[condition], np.random.default_rng(0)
    assert all(lower[1] < upper[0] for lower, upper in pairwise(scale.clear))
    for grade in Severity:
        assert {scale.grade(amount) for amount in scale.clear[grade]} == {grade}
        unclear = [scale.sample(grade, rng, ambiguous=True) for _ in range(50)]
        assert {scale.grade(amount) for amount in unclear} == {grade}
        low, high = scale.clear[grade]
        assert not any(low < amount < high for amount in unclear)


def test_amounts_have_the_grades_that_were_asked_for() -> None:
    rng = np.random.default_rng(0)
    for purpose in Purpose:
        for _ in range(60):
            grades = sample_grades(rng, purpose)
            amounts = sample_amounts(grades, rng, ambiguous=MIXES[purpose].ambiguous)
            assert grades_of(amounts) == grades


@pytest.mark.parametrize(
    ("condition", "tolerance"), [(Condition.DANDRUFF, 0.4), (Condition.EXCESS_SEBUM, 0.2)]
)
def test_as_much_is_drawn_as_the_amount_says(condition: Condition, tolerance: float) -> None:
    for seed, amount in enumerate(SCALES[condition].thresholds):
        shown = scalp({**NOTHING, condition: amount}, seed).lesions[condition].mean() * 100
        assert shown == pytest.approx(amount, rel=tolerance)


@pytest.mark.parametrize("condition", Condition)
def test_a_condition_alone_changes_only_where_it_was_drawn(condition: Condition) -> None:
    """Its twin without it is the same photo elsewhere."""
    drawn, twin = (draw_alone(condition, g, 5, width=160) for g in (Severity.SEVERE, Severity.NONE))
    change = np.abs(np.asarray(drawn.photo, int) - np.asarray(twin.photo, int)).max(axis=2)
    lesions = drawn.lesions[condition]
    assert {c for c in Condition if drawn.lesions[c].any()} == {condition}
    assert not any(twin.lesions[c].any() for c in Condition)
    assert change[lesions].mean() > 12
    if lesions.mean() < 0.9:
        assert change[~lesions].mean() < change[lesions].mean() / 2


def test_redness_grows_with_its_grade() -> None:
    def redness(amount: float) -> float:
        photo = pixels({**NOTHING, Condition.INTERFOLLICULAR_ERYTHEMA: amount})
        return float((photo[..., 0] - photo[..., 1]).mean())

    reds = [redness(amount) for amount in (0, 15, 35, 80)]
    assert all(less + 4 < more for less, more in pairwise(reds))


def test_hair_goes_with_its_grade() -> None:
    bare, full = pixels({**NOTHING, Condition.HAIR_LOSS: 95}), pixels(NOTHING)
    assert (full.mean(axis=2) < 90).mean() > 4 * (bare.mean(axis=2) < 90).mean()


def test_hard_cases_show_little_skin_or_bare_forehead() -> None:
    usual, full, edge = (
        float((np.asarray(scalp(NOTHING, 3, setting).photo.convert("L")) < 90).mean())
        for setting in Setting
    )
    assert edge < usual < full


def test_there_are_at_least_three_ways_of_drawing_each_condition() -> None:
    assert {condition: len(set(ways)) >= 3 for condition, ways in WAYS.items()} == dict.fromkeys(
        Condition, True
    )


def test_devices_of_tests_took_no_photo_of_training() -> None:
    seen = {
        purpose: {pick_device(np.random.default_rng(n), purpose).serial for n in range(400)}
        for purpose in Purpose
    }
    assert not seen[Purpose.TRAINING] & seen[Purpose.TEST]
    assert {p: len(s) for p, s in seen.items()} == {p: MAKES[p].devices for p in Purpose} or (
        len(seen[Purpose.TRAINING]) > 80
    )


def test_devices_differ_and_stay_what_they_are() -> None:
    serials = [f"A2LEBJJDE{number:05d}O" for number in range(12)]
    assert [device_of(s) for s in serials] == [device_of(s) for s in serials]
    canvases = [Canvas(np.random.default_rng(1), width=64) for _ in serials]
    for canvas in canvases:
        canvas.pixels[:] = 150
    colours = {
        tuple(np.asarray(photograph(canvas, device_of(serial))).mean(axis=(0, 1)).round().tolist())
        for canvas, serial in zip(canvases, serials, strict=True)
    }
    assert len(colours) >= 11
    with pytest.raises(KeyError):
        device_of("UNKNOWN00007O")


def test_people_have_all_tones_and_colours_of_hair() -> None:
    people = [some_person(np.random.default_rng(n)) for n in range(300)]
    assert {p.skin_type for p in people} == set(SKINS)
    assert {p.hair_type for p in people} == set(HAIRS)


@pytest.mark.parametrize("name", [*nuisances.UNDER_HAIR, *nuisances.OVER_HAIR])
def test_nuisances_are_seen_and_carry_no_grade(name: str) -> None:
    without, with_one = (
        draw_scalp(
            Scene(NOTHING, PERSON, ScalpSite.LEFT, DEVICE, nuisances=frozenset(names)),
            np.random.default_rng(3),
            width=160,
        )
        for names in ((), (name,))
    )
    assert with_one.photo.tobytes() != without.photo.tobytes()
    assert not any(mask.any() for mask in with_one.lesions.values())


def test_nuisances_are_rare_each_and_common_together() -> None:
    some = [nuisances.choose_some(np.random.default_rng(n)) for n in range(400)]
    counts = Counter(name for names in some for name in names)
    assert set(counts) == {*nuisances.UNDER_HAIR, *nuisances.OVER_HAIR}
    assert max(counts.values()) < 50
    assert 100 < sum(bool(names) for names in some) < 250


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_stranger_depends_on_its_seed_alone(kind: str) -> None:
    one, same, other = (
        draw_stranger(kind, DEVICE, np.random.default_rng(s), width=96) for s in (5, 5, 6)
    )
    assert one.tobytes() == same.tobytes() != other.tobytes()


def test_training_has_many_faces_and_a_test_as_many_of_each_kind() -> None:
    rng = np.random.default_rng(0)
    picked = {p: Counter(pick_kind(rng, p) for _ in range(1300)) for p in Purpose}
    assert all(set(counts) == set(KINDS) for counts in picked.values())
    training, test = picked[Purpose.TRAINING], picked[Purpose.TEST]
    assert training["face"] == training.most_common(1)[0][1] > 300
    assert min(test.values()) > 60


def test_training_is_unbalanced_and_a_test_is_not() -> None:
    shares = {}
    for purpose in Purpose:
        rng = np.random.default_rng(2)
        grades = np.array([list(sample_grades(rng, purpose).values()) for _ in range(3000)])
        shares[purpose] = (grades == Severity.SEVERE).mean(axis=0)
        both = ((grades[:, 0] > 0) & (grades[:, 1] > 0)).mean()
        assert both < 0.4 * (grades[:, 0] > 0).mean()
        assert (grades.sum(axis=1) == 0).mean() > 0.1
    assert (shares[Purpose.TRAINING] < 0.08).all()
    assert (shares[Purpose.TEST] * 3000 >= 300).all()


def test_training_is_mislabelled_as_often_as_written_and_a_test_never() -> None:
    rng, grades = np.random.default_rng(0), dict.fromkeys(Condition, Severity.MODERATE)
    written = [mislabel(grades, rng, Purpose.TRAINING) for _ in range(3000)]
    for condition, rate in MIXES[Purpose.TRAINING].mislabelled.items():
        off = [labels[condition] for labels in written if labels[condition] != grades[condition]]
        assert len(off) / 3000 == pytest.approx(rate, rel=0.35)
        assert set(off) == {Severity.MILD, Severity.SEVERE}
    assert mislabel(grades, rng, Purpose.TEST) == grades
    assert mislabel(NO_CONDITION, rng, Purpose.TEST) == NO_CONDITION
