"""The checks against sentences that were written without knowing them (``sentences/README.md``)."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dupi.advice.checks import Said, check_sentence
from dupi.advice.text import plain
from dupi.knowledge.vocabulary import AdviceSectionKind
from tests.advice.sentence_set import Sentence, Share, contexts, sentences, verdict

OTHER_BAD_CAUGHT = 0.98
FALSE_ALARMS = 0.02
UNSEEN_BAD_CAUGHT = 0.95
UNSEEN_FALSE_ALARMS = 0.05
ENOUGH = 120
SLOWEST_MEAN_S = 0.001
SLOWEST_S = 0.05
SECTIONS = (AdviceSectionKind.SUMMARY, AdviceSectionKind.CARE, AdviceSectionKind.ROUTINE)


def chosen(*, good: bool, banned: bool = False) -> list[Sentence]:
    return [s for s in sentences() if s.good is good and (s.kind == "banned") is banned]


def test_there_are_enough_sentences_and_none_twice() -> None:
    for good in (True, False):
        texts = [(s.context, s.section, s.text, s.before) for s in sentences() if s.good is good]
        assert len(set(texts)) == len(texts) >= 250


@pytest.mark.parametrize("sentence", chosen(good=False, banned=True), ids=lambda s: s.text[:20])
def test_every_banned_claim_is_caught(sentence: Sentence) -> None:
    assert verdict(sentence)


def test_other_bad_sentences_are_caught() -> None:
    assert Share.of(chosen(good=False)).rate >= OTHER_BAD_CAUGHT


def test_good_sentences_pass() -> None:
    assert Share.of(chosen(good=True)).rate <= FALSE_ALARMS


def test_a_check_takes_less_than_a_millisecond() -> None:
    for sentence in sentences():  # compiles and caches
        verdict(sentence)
    case, plan = contexts()["oily"]
    began = time.process_time()
    for sentence in sentences():
        check_sentence(sentence.section, sentence.text, case, plan, Said())
    assert (time.process_time() - began) / len(sentences()) < SLOWEST_MEAN_S


HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=200)
PIECES = st.lists(
    st.sampled_from([word for s in sentences() for word in s.text.split()]), max_size=40
).map(" ".join)
ANY_TEXT = st.text(max_size=3000) | HANGUL | PIECES


@given(ANY_TEXT, st.sampled_from(SECTIONS), st.sampled_from(sorted(contexts())))
@settings(max_examples=400, deadline=None)
def test_no_text_makes_the_checks_fail_or_take_long(
    text: str, section: AdviceSectionKind, context: str
) -> None:
    case, plan = contexts()[context]
    began = time.process_time()
    check_sentence(section, text, case, plan, Said())
    assert time.process_time() - began < SLOWEST_S


@pytest.mark.parametrize(
    "unit", ["가", "완전히 ", "진단 ", "치료가 ", "1", "ㄱ", "두피를 ", "반드시", "하거나 ", "일"]
)
def test_no_word_said_often_takes_long(unit: str) -> None:
    case, plan = contexts()["oily"]
    for text in (unit * 3000, (unit * 170)[:169] + "."):
        for section in SECTIONS:
            began = time.process_time()
            check_sentence(section, text, case, plan, Said())
            assert time.process_time() - began < SLOWEST_S


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_plain_text_is_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    "written", ["ㅊㅣㄹㅛ", "치\u200b료", "\u110e\u1175\u1105\u116d", "치\u2060료"]
)
def test_plain_text_shows_what_is_meant(written: str) -> None:
    assert plain(written) == "치료"
    assert plain("ㅈㅣㄴㄷㅏㄴ ｗｗｗ") == "진단 www"


def unseen(*, good: bool, banned: bool = False) -> list[Sentence]:
    return [s for s in sentences("unseen") if s.good is good and (s.kind == "banned") is banned]


def test_the_second_set_is_counted() -> None:
    """It mends nothing by itself: what must hold is a rate, but for claims, drugs and doses."""
    assert Share.of(unseen(good=False, banned=True)).rate == 1.0
    assert Share.of(unseen(good=False)).rate >= UNSEEN_BAD_CAUGHT
    assert Share.of(unseen(good=True)).rate <= UNSEEN_FALSE_ALARMS
    assert min(len(unseen(good=False)), len(unseen(good=True))) >= ENOUGH
