"""What the advisor is trained on: fluent by construction, and honest about what is unseen."""

import random
from itertools import islice

from dupi.advice.prompts import SECTION_MARKS, SYSTEM
from llm_server.training.corpus import documents
from llm_server.training.grading import (
    distinct_ngrams,
    grade_replies,
    refusal,
    unseen_pairs,
)
from llm_server.training.historical import ASK
from llm_server.training.pairs import is_test_case, pairs
from llm_server.training.prose import past
from llm_server.training.writing import write_reply


def test_every_training_reply_passes_the_checks() -> None:
    for pair in islice(pairs(3), 120):
        rejected = refusal(pair, pair.reply)
        assert rejected is None, f"{rejected}\n{pair.reply}"


def test_test_cases_are_never_trained_on() -> None:
    assert not any(is_test_case(pair.case) for pair in islice(pairs(5), 100))
    assert all(is_test_case(pair.case) for pair in unseen_pairs(50))


def test_pairs_are_reproducible_and_varied() -> None:
    one, two = (list(islice(pairs(7), 60)) for _ in range(2))
    assert [p.reply for p in one] == [p.reply for p in two]
    assert len({p.reply for p in one}) == len(one)
    pair, rng = one[0], random.Random(1)  # noqa: S311
    assert len({write_reply(pair.case, pair.plan, rng) for _ in range(20)}) > 15


def test_base_text_holds_no_prompt_and_no_advice() -> None:
    """Neither what asks for an advice, nor what an advice is laid out by, nor an advice."""
    pair = unseen_pairs(1)[0]
    rows = {line.partition(":")[0] + ":" for line in pair.messages[-1]["content"].splitlines()}
    forbidden = (*SYSTEM.values(), *SECTION_MARKS.values(), "<|", ASK)
    for text in islice(documents(1, copying=True), 800):
        lines = text.splitlines()
        assert not any(word in text for word in forbidden), text
        assert sum(line.startswith(tuple(rows)) for line in lines) < 2, text
        assert refusal(pair, text) is not None


def test_base_text_is_varied_and_reproducible() -> None:
    one, two = (list(islice(documents(2), 400)) for _ in range(2))
    assert one == two
    assert len(set(one)) > 390
    assert distinct_ngrams(one) > 0.5


def test_what_was_done_is_told_in_the_past() -> None:
    told = {
        "머리를 감다": "머리를 감았어요",
        "물을 주다": "물을 주었어요",
        "책을 읽다": "책을 읽었어요",
        "손을 대지 않다": "손을 대지 않았어요",
        "소식을 전하다": "소식을 전했어요",
    }
    assert {do: past(do) for do in told} == told


def test_grading_counts_what_is_refused() -> None:
    cases = unseen_pairs(10)
    replies = [pair.reply for pair in cases[:8]] + ["샴푸 샴푸 샴푸", ""]
    grades = grade_replies(cases, replies)
    assert grades.pass_rate == 0.8
    assert sum(grades.refusals.values()) == 2
    assert distinct_ngrams(["가 나 다 라 마", "가 나 다 라 바"]) == 0.75
