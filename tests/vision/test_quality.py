"""The gate lets every drawn scalp through, and stops what the camera spoiled."""

from collections.abc import Callable
from functools import cache

import pytest
from PIL import Image, ImageFilter

from dupi.errors import ImageQualityReason as Reason
from dupi.vision.quality import judge
from export.data.drawn import Drawn, draw


@cache
def scalps() -> tuple[Drawn, ...]:
    return tuple(draw(seed, number=0, width=640) for seed in range(12))


def test_scalps_pass() -> None:
    judged = [judge(scalp.photo) for scalp in scalps()]
    assert [judgement.reasons for judgement in judged] == [()] * len(judged)
    assert min(judgement.quality for judgement in judged) > 0.4


SPOILED: list[tuple[Callable[[Image.Image], Image.Image], Reason]] = [
    (lambda scalp: scalp.filter(ImageFilter.GaussianBlur(6)), Reason.BLURRED),
    (lambda scalp: scalp.filter(ImageFilter.BoxBlur(12)), Reason.BLURRED),
    (lambda scalp: scalp.resize((64, 48)).resize((640, 480)), Reason.BLURRED),
    (lambda scalp: scalp.point(lambda value: value * 0.15), Reason.TOO_DARK),
    (lambda scalp: scalp.point(lambda value: 0), Reason.TOO_DARK),
    (lambda scalp: scalp.point(lambda value: value * 2.5), Reason.TOO_BRIGHT),
    (lambda scalp: scalp.point(lambda value: value + 130), Reason.TOO_BRIGHT),
    (lambda scalp: scalp.point(lambda value: 110 + value * 0.08), Reason.LOW_CONTRAST),
]


@pytest.mark.parametrize(("spoil", "reason"), SPOILED)
def test_spoiled_photos_are_stopped(
    spoil: Callable[[Image.Image], Image.Image], reason: Reason
) -> None:
    light = [scalp.photo for scalp in scalps() if scalp.person.skin_type in {"II", "III"}]
    assert len(light) > 4
    for photo in light:
        assert reason in judge(spoil(photo)).reasons
