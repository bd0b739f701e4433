"""The reader of streamed replies, and the rules' own words."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dupi.advice.checks import RejectionCode, Said, check_sentence
from dupi.advice.prompts import SECTION_MARKS, advice_messages
from dupi.advice.replies import (
    SECTION_TITLES,
    CheckedSentence,
    ReplyReader,
    ReplyRejected,
    closing_sections,
    rules_advice,
)
from dupi.knowledge.plan import Case
from dupi.knowledge.rules import make_plan
from dupi.knowledge.vocabulary import AdviceSectionKind
from tests.advice.sentence_set import Sentence, contexts, sentences
from tests.advice.test_checks import CASE, PLAN
from tests.knowledge.cases import cases


def as_reply(sentences: tuple[CheckedSentence, ...]) -> str:
    """What a model would have to write to say the same."""
    return "\n".join(
        f"{mark} {' '.join(s.text.strip() for s in sentences if s.section is kind)}"
        for kind, mark in SECTION_MARKS.items()
    )


REPLY = as_reply(rules_advice(CASE, PLAN))


def read(*chunks: str) -> list[CheckedSentence]:
    reader = ReplyReader(CASE, PLAN)
    sentences = [sentence for chunk in chunks for sentence in reader.feed(chunk)]
    return sentences + reader.finish()


def refused(reply: str) -> RejectionCode:
    with pytest.raises(ReplyRejected) as caught:
        read(reply)
    return caught.value.code


def test_a_stream_split_anywhere_reads_the_same() -> None:
    whole = read(REPLY)
    for cut in range(len(REPLY) + 1):
        assert read(REPLY[:cut], REPLY[cut:]) == whole
    assert read(*REPLY) == whole


@given(st.lists(st.integers(0, len(REPLY)), max_size=30).map(sorted))
@settings(max_examples=50, deadline=None)
def test_a_stream_in_many_pieces_reads_the_same(cuts: list[int]) -> None:
    pieces = [REPLY[a:b] for a, b in pairwise([0, *cuts, len(REPLY)])]
    assert read(*pieces) == read(REPLY)


def test_a_sentence_is_let_out_as_soon_as_it_is_whole() -> None:
    reader = ReplyReader(CASE, PLAN)
    first = "[요약] 정수리 사진에서 미세각질은 경증, 비듬은 중등도로 보여요."
    assert reader.feed(first) == []
    assert [s.text for s in reader.feed(" 나머지")] == [first.removeprefix("[요약] ")]


def test_nothing_of_a_bad_sentence_is_let_out() -> None:
    reader = ReplyReader(CASE, PLAN)
    assert reader.feed("[요약] 비듬은 중") == []
    with pytest.raises(ReplyRejected) as caught:
        reader.feed("증이에요. ")
    assert caught.value.code is RejectionCode.CONTRADICTION
    assert caught.value.sentence == "비듬은 중증이에요."


@given(cases())
@settings(max_examples=250, deadline=None)
def test_the_rules_own_words_pass_the_checks(case: Case) -> None:
    plan = make_plan(case)
    advice = rules_advice(case, plan)
    reader = ReplyReader(case, plan)
    assert (*reader.feed(as_reply(advice)), *reader.finish()) == advice


def test_joined_texts_are_the_advice() -> None:
    text = "".join(s.text for s in (*rules_advice(CASE, PLAN), *closing_sections(CASE, PLAN)))
    assert not text.startswith(("\n", " "))
    assert text.count("\n\n") == 3
    assert "  " not in text


@given(cases())
@settings(max_examples=100, deadline=None)
def test_a_referral_is_said_word_for_word(case: Case) -> None:
    plan = make_plan(case)
    closing = closing_sections(case, plan)
    referral = [s.text.strip() for s in closing if s.section is AdviceSectionKind.REFERRAL]
    expected = [*plan.referral.reasons, plan.referral.text] if plan.referral else []
    assert referral == expected
    assert any("진단이 아니" in s.text for s in closing)
    assert all(s.section in SECTION_TITLES for s in closing)


def test_sections_must_be_there_and_in_order() -> None:
    summary, care, routine = REPLY.split("\n")
    assert refused("\n".join((care, summary, routine))) is RejectionCode.SECTION
    assert refused("\n".join((summary, routine))) is RejectionCode.SECTION
    assert refused("\n".join((summary, care))) is RejectionCode.SECTION
    assert refused(REPLY.removeprefix("[요약] ")) is RejectionCode.SECTION
    assert refused(REPLY + "\n[요약] 비듬은 중등도예요.") is RejectionCode.SECTION
    assert refused("") is RejectionCode.SECTION
    assert refused("[요약][관리][루틴]") is RejectionCode.SECTION


def test_every_planned_action_and_step_must_be_said() -> None:
    sentences = rules_advice(CASE, PLAN)
    for left_out in sentences:
        if left_out.section is AdviceSectionKind.SUMMARY:
            continue
        rest = tuple(s for s in sentences if s is not left_out)
        assert refused(as_reply(rest)) is RejectionCode.MISSING


def test_a_step_is_said_with_how_often() -> None:
    assert refused(REPLY.replace("매일 저녁에", "저녁에")) is RejectionCode.MISSING


def test_every_finding_must_be_said() -> None:
    assert refused(REPLY.replace("미세각질은 경증, ", "")) is RejectionCode.MISSING


def test_a_reply_cut_short_is_refused() -> None:
    assert refused(REPLY[:-5]) is RejectionCode.UNFINISHED


def test_an_endless_reply_is_refused() -> None:
    with pytest.raises(ReplyRejected):
        read("[요약] ", *(["샴푸 "] * 2000))


def test_the_prompt_tells_the_plan() -> None:
    prompt = advice_messages(CASE, PLAN)[-1]["content"]
    assert PLAN.shampoo
    for text in (PLAN.shampoo.text, *(a.text for a in PLAN.actions)):
        assert text in prompt
    assert "미세각질은 경증, 비듬은 중등도" in prompt


BAD_SENTENCES = [s for s in sentences() if not s.good and s.section is AdviceSectionKind.CARE]


@given(
    st.sampled_from(BAD_SENTENCES),
    st.sampled_from(sorted(contexts())),
    st.integers(0, 5),
    st.lists(st.integers(0, 900), max_size=20).map(sorted),
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_pieces_no_sentence_is_let_out_that_fails(
    bad: Sentence, context: str, place: int, cuts: list[int]
) -> None:
    """Every sentence let out passes the checks by itself, and all came before the failing one."""
    case, plan = contexts()[context]
    sentences_ = list(rules_advice(case, plan))
    care = [i for i, s in enumerate(sentences_) if s.section is AdviceSectionKind.CARE]
    at = care[min(place, len(care) - 1)]
    sentences_.insert(at, CheckedSentence(AdviceSectionKind.CARE, f" {bad.text}"))
    reply = as_reply(tuple(sentences_))
    reader, released = ReplyReader(case, plan), list[CheckedSentence]()
    try:
        for a, b in pairwise([0, *cuts, max(len(reply), *cuts, 0)]):
            released += reader.feed(reply[a:b])
        released += reader.finish()
    except ReplyRejected:
        pass
    said = Said()
    for sentence in released:
        text = sentence.text.strip()
        assert check_sentence(sentence.section, text, case, plan, said) is None
    if context == bad.context and not bad.before:
        assert bad.text not in "".join(s.text for s in released)
