"""The guide: whole in both languages, with a picture each, and at one with the rules."""

import pytest
from PIL import Image

from dupi.knowledge.conditions import EXAMPLES, condition_guide, example_name
from dupi.knowledge.rulebook import NEWEST, Rung
from dupi.knowledge.rules import make_plan
from dupi.knowledge.strength import strength_of
from dupi.knowledge.vocabulary import Condition, Locale, ReferralUrgency, Severity
from tests.knowledge.cases import a_case

_WHEN = {
    Locale.KO: {ReferralUrgency.PROMPT: "며칠 안에", ReferralUrgency.SOON: "2주 안에"},
    Locale.EN: {
        ReferralUrgency.PROMPT: "within a few days",
        ReferralUrgency.SOON: "within two weeks",
    },
}
_WAITING = {
    Locale.KO: {Rung.DOCTOR_AFTER_A_MONTH: "4주쯤", Rung.DOCTOR_AFTER_TWO_WEEKS: "2주쯤"},
    Locale.EN: {Rung.DOCTOR_AFTER_A_MONTH: "four weeks", Rung.DOCTOR_AFTER_TWO_WEEKS: "two weeks"},
}


@pytest.mark.parametrize("locale", Locale)
def test_every_grade_has_its_words(locale: Locale) -> None:
    guide = condition_guide(locale)
    assert [info.condition for info in guide] == list(Condition)
    for info in guide:
        assert info.name and info.description
        for grade in info.grades:
            assert grade.name and grade.meaning and grade.doctor and all(grade.helps)
        assert len({grade.meaning for grade in info.grades}) == len(Severity)


@pytest.mark.parametrize("locale", Locale)
def test_the_stages_of_hair_loss_are_explained(locale: Locale) -> None:
    stages = {info.condition: info.stages for info in condition_guide(locale)}
    assert {stage.scale for stage in stages.pop(Condition.HAIR_LOSS)} == {
        Locale.KO: {"해밀턴-노우드", "루드비히"},
        Locale.EN: {"Hamilton–Norwood", "Ludwig"},
    }[locale]
    assert not any(stages.values())


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("condition", Condition)
@pytest.mark.parametrize("severity", Severity)
def test_the_guide_sends_to_a_doctor_as_soon_as_the_rules_do(
    condition: Condition, severity: Severity, locale: Locale
) -> None:
    info = next(info for info in condition_guide(locale) if info.condition is condition)
    referral = make_plan(a_case({condition: severity})).referral
    said = {
        urgency for urgency, words in _WHEN[locale].items() if words in info.grades[severity].doctor
    }
    assert said == ({referral.urgency} if referral else set())


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("condition", Condition)
@pytest.mark.parametrize("severity", Severity)
def test_the_guide_waits_as_long_as_the_rules_do(
    condition: Condition, severity: Severity, locale: Locale
) -> None:
    info = next(info for info in condition_guide(locale) if info.condition is condition)
    rung = strength_of(make_plan(a_case({condition: severity}), edition=NEWEST)).rung
    if rung in _WAITING[locale]:
        assert _WAITING[locale][rung] in info.grades[severity].doctor


@pytest.mark.parametrize("condition", Condition)
def test_every_grade_has_a_picture_of_its_own(condition: Condition) -> None:
    pictures = [EXAMPLES / example_name(condition, severity) for severity in Severity]
    assert len({path.read_bytes() for path in pictures}) == len(Severity)
    for path in pictures:
        with Image.open(path) as image:
            assert image.format == "JPEG"
            assert image.width >= 320
