"""The wordings and the texts that are made of them."""

import random
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from dupi.knowledge.korean import josa
from dupi.knowledge.rulebook import NEWEST, StepRule, rulebook
from dupi.knowledge.vocabulary import (
    AgeBand,
    Condition,
    Gender,
    ScalpSite,
    Severity,
    Symptom,
    TreatmentFrequency,
)
from llm_server.training.cleaning import clean, without_repeats
from llm_server.training.clumsy import is_clumsy
from llm_server.training.historical import historical_prompt
from llm_server.training.overlap import self_overlap
from llm_server.training.pairs import pair_of, pairs
from llm_server.training.told import told
from llm_server.training.ways import (
    Ways,
    Word,
    because,
    care_ways,
    ended,
    joined,
    step_ways,
    verbs,
    wordings,
)
from tests.knowledge.cases import a_case, a_survey

RULES = {rule.code: rule for rule in rulebook(NEWEST).sayable}
STEPS = {step.code: step for step in rulebook(NEWEST).steps}
DANDRUFF = {Condition.DANDRUFF: Severity.MODERATE}


@pytest.mark.parametrize("code", RULES)
def test_every_action_can_be_said_in_many_ways(code: str) -> None:
    ways = care_ways(RULES[code])
    assert len(ways.do) >= 2
    assert len(ways.why) >= 2
    assert len(ways.do) * (1 + len(ways.why) + len(ways.when) + len(ways.aim)) + len(ways.say) >= 20


@pytest.mark.parametrize("code", [*RULES, *STEPS])
def test_every_deed_names_what_is_planned_and_bends(code: str) -> None:
    rule, ways = (RULES[code], care_ways(RULES[code])) if code in RULES else _step(code)
    for do in ways.do:
        assert any(key in do for key in rule.keys), do
        assert do.split()[-1] in verbs(), do
    for said in ways.say:
        assert any(key in said for key in rule.keys), said


def _step(code: str) -> tuple[StepRule, Ways]:
    return STEPS[code], step_ways(STEPS[code])


def test_every_wording_is_of_something_that_the_rules_know() -> None:
    assert set(wordings("care")) <= set(RULES)
    assert set(wordings("routine")["step"]) <= set(STEPS)


def test_grammar() -> None:
    assert f"{Word('비듬'):이/가} {Word('펌'):은/는} {Word('샴푸'):을/를}" == "비듬이 펌은 샴푸를"
    assert josa("염색 모발", "이라고/라고") == "염색 모발이라고"
    assert ended("미온수로 머리를 감다", "{a} 보세요") == "미온수로 머리를 감아 보세요"
    assert joined("저녁에 머리를 감다") == "저녁에 머리를 감고"
    rng = random.Random(1)  # noqa: S311
    assert {because("열이 오르니", rng) for _ in range(60)} == {
        "열이 오르니",
        "열이 오르니까",
        "열이 오르므로",
    }
    assert {because("힘이 드니", rng) for _ in range(60)} == {"힘이 드니", "힘이 드니까"}
    assert because("두피가 마르기 쉬워서", rng) == "두피가 마르기 쉬워서"


def test_clumsy_sentences_are_not_kept() -> None:
    assert is_clumsy("두피를 위해 두피를 살펴 주세요.")
    assert is_clumsy("감고 난 뒤에는 드라이어는 찬 바람으로 써 보세요.")
    assert not is_clumsy("머리를 감을 때는 뜨거운 물 대신 미온수로 두피를 헹궈 주세요.")


def test_a_text_tells_of_the_person_it_is_for() -> None:
    survey = a_survey(
        dye_frequency=TreatmentFrequency.SEVEN_OR_MORE_A_YEAR, symptoms=(Symptom.ITCHING,)
    )
    facts = told(RULES["NO_SCRATCH"], a_case(DANDRUFF, survey, sites=(ScalpSite.CROWN,)))
    assert "가려움이 있다고 하셨으니" in facts.cause
    facts = told(RULES["SCALP_FOCUS_WASH"], a_case(DANDRUFF, sites=(ScalpSite.CROWN,)))
    assert "정수리에서 비듬이 중등도로 보이니" in facts.cause
    facts = told(RULES["DYE_PAUSE"], a_case(DANDRUFF, survey))
    assert "염색을 연 7회 이상 하신다고 하셨으니" in facts.cause


def test_nothing_is_told_that_was_not_seen_or_answered() -> None:
    for pair in islice(pairs(11), 80):
        for rule in (RULES[action.code] for action in pair.plan.actions):
            for clause in told(rule, pair.case).cause:
                answer = clause.replace("탈모 관련 제품", "").replace("탈모 모발", "")
                for condition in Condition:
                    seen = pair.case.grades[condition]
                    assert seen != 0 or condition.korean not in answer, clause


def test_people_with_other_findings_or_answers_get_other_texts() -> None:
    rng = random.Random(3)  # noqa: S311
    plain = a_case(DANDRUFF)
    permed = a_case(DANDRUFF, a_survey(perm_frequency=TreatmentFrequency.SEVEN_OR_MORE_A_YEAR))
    oily = a_case({Condition.EXCESS_SEBUM: Severity.MODERATE})
    texts = [[pair_of(case, rng).reply for _ in range(8)] for case in (plain, permed, oily)]
    assert all("펌" in text for text in texts[1])
    assert not any("펌" in text for text in texts[0] + texts[2])
    assert not any("비듬" in text for text in texts[2])


def test_texts_do_not_read_alike() -> None:
    replies = [pair.reply for pair in islice(pairs(13), 120)]
    mean, most = self_overlap(replies)
    assert mean < 0.06
    assert most < 0.25
    endings = Counter(s.split()[-1] for reply in replies for s in reply.split(". "))
    assert len(endings) > 12


def test_every_sentence_is_polite_in_the_same_way() -> None:
    for pair in islice(pairs(17), 60):
        for line in pair.reply.splitlines():
            for sentence in line.partition("] ")[2].split(". "):
                assert sentence.rstrip(".").endswith(("요", "세요")), sentence


def test_cleaning() -> None:
    written = "  샴푸\u200b ３０대★  ＡＢ  ‘하루’\t두 번 🙂 \n\n 끝 "
    assert clean(written) == "샴푸 30대 AB '하루' 두 번\n끝"
    assert clean("\u1112\u1161\u11ab") == "한"
    assert without_repeats(["가 나.", "가나", "다"]) == ["가 나.", "다"]


def test_the_historical_prompt_is_kept() -> None:
    case = replace(a_case(DANDRUFF), age_band=AgeBand.THIRTIES, gender=Gender.FEMALE)
    lines = historical_prompt(case).splitlines()
    for line in (
        "성별: 여",
        "나이: 30-",
        "부위: 좌측두",
        "펌 주기: 하지 않음",
        "비듬: 2",
        "탈모: 0",
    ):
        assert line in lines
