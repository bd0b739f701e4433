"""What the advisor is trained on: fluent by construction, and honest about what is unseen."""

import random
from itertools import islice

from dupi.advice.prompts import SYSTEM
from llm_server.training.corpus import documents
from llm_server.training.grading import (
    distinct_ngrams,
    grade_replies,
    refusal,
    unseen_pairs,
)
from llm_server.training.pairs import is_test_case, pairs
from llm_server.training.writing import write_reply


def test_every_training_reply_passes_the_checks() -> None:
    for pair in islice(pairs(3), 300):
        rejected = refusal(pair, pair.reply)
        assert rejected is None, f"{rejected}\n{pair.reply}"


def test_test_cases_are_never_trained_on() -> None:
    assert not any(is_test_case(pair.case) for pair in islice(pairs(5), 200))
    assert all(is_test_case(pair.case) for pair in unseen_pairs(50))


def test_pairs_are_reproducible_and_varied() -> None:
    one, two = (list(islice(pairs(7), 60)) for _ in range(2))
    assert [p.reply for p in one] == [p.reply for p in two]
    assert len({p.reply for p in one}) == len(one)
    pair, rng = one[0], random.Random(1)  # noqa: S311
    assert len({write_reply(pair.case, pair.plan, rng) for _ in range(20)}) > 15


def test_base_text_holds_no_prompt_and_no_advice() -> None:
    for text in islice(documents(1, copying=True), 500):
        assert not any(system in text for system in SYSTEM.values())
        assert "확인:" not in text
        marks = [mark for mark in ("[요약]", "[관리]", "[루틴]") if mark in text]
        assert len(marks) < 2


def test_grading_counts_what_is_refused() -> None:
    cases = unseen_pairs(10)
    replies = [pair.reply for pair in cases[:8]] + ["샴푸 샴푸 샴푸", ""]
    grades = grade_replies(cases, replies)
    assert grades.pass_rate == 0.8
    assert sum(grades.refusals.values()) == 2
    assert distinct_ngrams(["가 나 다 라 마", "가 나 다 라 바"]) == 0.75
