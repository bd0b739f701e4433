"""The guide and the survey: complete in both languages, and named as the contract names them."""

from collections.abc import Iterator
from dataclasses import fields

import pytest

from dupi.knowledge.conditions import condition_guide
from dupi.knowledge.korean import Ending, josa, listed, say
from dupi.knowledge.rulebook import EDITIONS, Phrased, Rulebook, rulebook
from dupi.knowledge.survey import SurveyAnswers, SurveyQuestionKind, survey_questions
from dupi.knowledge.vocabulary import Condition, Locale, Severity


@pytest.mark.parametrize("locale", Locale)
def test_guide_is_complete(locale: Locale) -> None:
    guide = condition_guide(locale)
    assert [info.condition for info in guide] == list(Condition)
    for info in guide:
        assert [grade.severity for grade in info.grades] == list(Severity)
        assert len({grade.meaning for grade in info.grades}) == len(Severity)


def test_guide_uses_the_korean_names() -> None:
    for info in condition_guide(Locale.KO):
        assert info.name == info.condition.korean
        assert [grade.name for grade in info.grades] == [s.korean for s in Severity]


@pytest.mark.parametrize("locale", Locale)
def test_survey_asks_for_every_answer(locale: Locale) -> None:
    def snake(name: str) -> str:
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)

    questions = survey_questions(locale).questions
    assert {snake(q.field) for q in questions} == {f.name for f in fields(SurveyAnswers)}
    for question in questions:
        assert question.text
        assert bool(question.choices) == (question.kind is not SurveyQuestionKind.BOOLEAN)
        assert len({choice.label for choice in question.choices}) == len(question.choices)


def test_particles() -> None:
    assert josa("비듬", "은/는") == "비듬은"
    assert josa("탈모", "은/는") == "탈모는"
    assert josa("중등도", "으로/로") == "중등도로"
    assert josa("경증", "으로/로") == "경증으로"
    assert josa("물", "으로/로") == "물로"
    assert listed(["비듬"]) == "비듬"
    assert listed(["비듬", "탈모", "미세각질"]) == "비듬, 탈모와 미세각질"


@pytest.mark.parametrize("edition", EDITIONS)
def test_everything_planned_can_be_said_in_every_way(edition: str) -> None:
    """Also as bent by an ending, a saying holds one of its own keys and none of another's."""
    book = rulebook(edition)
    for kind in (book.sayable, book.steps):
        for rule in kind:
            others = [key for other in kind if other is not rule for key in other.keys]
            for said in sayings(rule, book):
                assert any(key in said for key in rule.keys), said
                assert not [key for key in others if key in said], said


def sayings(rule: Phrased, book: Rulebook) -> Iterator[str]:
    """Every wording in every ending, the text, and the reasons with the text."""
    for do in rule.do:
        for ending in Ending:
            said = say(do, ending, book.verbs)
            assert said.endswith("요")
            yield said
    yield " ".join((rule.text, *rule.do, *rule.because))
