"""Sentence checks against sentences written independently of them."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from dupi.advice.checks import RejectionCode, Said, check_sentence
from dupi.knowledge.rulebook import rulebook
from dupi.knowledge.rules import make_plan
from dupi.knowledge.vocabulary import (
    AdviceSectionKind,
    Condition,
    ScalpSite,
    Severity,
    Symptom,
    TreatmentFrequency,
)
from tests.knowledge.cases import a_case, a_survey

SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))
CASE = a_case(
    {Condition.FINE_SCALING: Severity.MILD, Condition.DANDRUFF: Severity.MODERATE},
    a_survey(symptoms=(Symptom.ITCHING,), dye_frequency=TreatmentFrequency.SEVEN_OR_MORE_A_YEAR),
    sites=(ScalpSite.CROWN,),
)
PLAN = make_plan(CASE, replace(rulebook(), max_actions=10))


def listed(group: str) -> list[tuple[str, str]]:
    return [
        (section, sentence)
        for section, sentences in SENTENCES[group].items()
        for sentence in sentences
    ]


def verdict(section: str, sentence: str) -> RejectionCode | None:
    return check_sentence(AdviceSectionKind(section), sentence, CASE, PLAN, Said())


def test_the_plan_is_the_one_that_the_sentences_are_about() -> None:
    assert PLAN.shampoo
    assert PLAN.shampoo.code == "SHAMPOO_DANDRUFF"
    planned = {"LUKEWARM_WATER", "SCALP_FOCUS_WASH", "NO_SCRATCH", "DYE_PAUSE", "RINSE_WELL"}
    assert planned <= {action.code for action in PLAN.actions}


@pytest.mark.parametrize(("section", "sentence"), listed("good"))
def test_good_sentences_pass(section: str, sentence: str) -> None:
    assert verdict(section, sentence) is None


@pytest.mark.parametrize(("section", "sentence"), listed("claim"))
def test_claims_are_refused(section: str, sentence: str) -> None:
    assert verdict(section, sentence) is not None


@pytest.mark.parametrize(("section", "sentence"), listed("bad"))
def test_bad_sentences_are_refused(section: str, sentence: str) -> None:
    assert verdict(section, sentence) is not None


def test_a_sentence_may_be_said_once() -> None:
    said = Said()
    sentence = "미온수로 머리를 감아 주세요."
    assert check_sentence(AdviceSectionKind.CARE, sentence, CASE, PLAN, said) is None
    again = check_sentence(AdviceSectionKind.CARE, sentence, CASE, PLAN, said)
    assert again is RejectionCode.REPETITION


def test_words_that_only_look_like_a_claim_pass() -> None:
    assert verdict("SUMMARY", "정수리 사진 단계에서 비듬은 중등도예요.") is None
