"""Sentences that half say what is planned: one clause, one word or one stem turns them."""

import pytest

from dupi.advice.checks import RejectionCode, Said, check_sentence
from dupi.advice.doctors import puts_off, sends
from dupi.knowledge.vocabulary import AdviceSectionKind
from tests.advice.sentence_set import contexts

CARE, ROUTINE = AdviceSectionKind.CARE, AdviceSectionKind.ROUTINE


def verdict(
    context: str, text: str, section: AdviceSectionKind = CARE, home: str = "unseen"
) -> RejectionCode | None:
    case, plan = contexts(home)[context]
    return check_sentence(section, text, case, plan, Said())


@pytest.mark.parametrize(
    "text",
    [
        "피부과 상담은 미루세요.",
        "상담은 나중에 하셔도 돼요.",
        "진료는 다음 달에 받으세요.",
        "병원에는 가지 마세요.",
        "의사보다 이 안내를 따라 주세요.",
        "두피 세럼을 발라 주세요.",
        "쓰시던 두피 세럼을 계속 써 주세요.",
    ],
)
@pytest.mark.parametrize("context", ["feverish", "pus", "patient"])
def test_beside_a_referral_no_doctor_is_put_off_and_no_product_named(
    text: str, context: str
) -> None:
    assert verdict(context, text)


def test_who_puts_off_a_product_until_then_puts_off_no_doctor() -> None:
    for text in (
        "새 제품은 상담한 뒤로 미뤄 주세요.",
        "상담을 받을 때까지 새 제품은 미뤄 주세요.",
        "머리숱은 미루지 말고 피부과에서 상담해 주세요.",
        "다른 방법보다 다니는 병원의 안내를 먼저 따라 주세요.",
    ):
        assert not puts_off(text)
    assert sends("오늘 안에 피부과를 찾아 주세요.")
    assert verdict("feverish", "오늘 안에 피부과를 찾아 진료를 받아 주세요.") is None


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("pus", "뾰루지에 손대지 말고 두피 스케일링제로 밀어 주세요."),
        ("pus", "당분간 염색을 쉬고 두피 스케일링제를 써 주세요."),
        ("pus", "두피 스케일링제를 쉬지 말고 써 주세요."),
        ("pus", "번지기 쉬우니 뾰루지를 만져 주세요."),
        ("flaky", "가려우면 긁지 말고 세게 문질러 주세요."),
        ("flaky", "한 달 관리해도 줄지 않으면 더 지켜보세요."),
        ("flaky", "두피 위주보다 모발 위주로 감아 주세요."),
        ("flaky", "두피 위주로 뜨거운 물로 감아 주세요."),
    ],
)
def test_one_clause_that_avoids_lets_no_other_through(context: str, text: str) -> None:
    assert verdict(context, text)


def test_a_clause_may_say_what_to_do_instead() -> None:
    assert verdict("flaky", "가려우면 긁지 말고 손끝으로 눌러 주세요.") is None
    assert verdict("thinning", "수건으로 비비지 말고 두드려 물기를 거두어 주세요.") is None
    assert verdict("scaly", "뜨거운 물로 감으면 두피가 마르니 미온수로 감아 주세요.") is None


SWALLOWED = ("드세요", "드셔 보세요", "먹어 주세요", "마셔 주세요", "마시면 좋아요", "삼켜 주세요")
NO_SUCH_DEED = (*SWALLOWED, "쓰다듬어 주세요", "감싸 주세요", "밀어 주세요", "넣어 주세요")


@pytest.mark.parametrize("particle", ["를", "는", "로"])
@pytest.mark.parametrize("deed", NO_SUCH_DEED)
@pytest.mark.parametrize("section", [CARE, ROUTINE])
def test_a_verb_is_known_by_its_whole_stem(
    deed: str, particle: str, section: AdviceSectionKind
) -> None:
    assert verdict("flaky", f"비듬 관리용 샴푸{particle} {deed}.", section)


@pytest.mark.parametrize(
    "text",
    [
        "비듬은 그냥 둬도 괜찮아요.",
        "비듬은 누구에게나 있는 것이에요.",
        "머리카락이 다시 자라요.",
        "숱이 빽빽해져요.",
        "두피는 원래 그런 곳이에요.",
    ],
)
def test_what_only_tells_says_what_the_plan_says(text: str) -> None:
    assert verdict("flaky", text)


def test_a_reason_of_the_plan_may_stand_alone() -> None:
    assert verdict("flaky", "상처가 나면 두피가 더 예민해져요.") is None
    assert verdict("flaky", "이 안내는 진단이 아니라 참고 자료예요.") is None


@pytest.mark.parametrize(
    "text",
    [
        "뜨거운 물로 감아 주세요.",
        "주 4회 저녁에 뜨거운 물로 머리를 감아 주세요.",
        "주 4회 감은 뒤 두피까지 세게 말려 주세요.",
        "주 1회 거울 앞에서 두피 스케일링제를 써 주세요.",
        "주 1회 거울로 두피를 살피고 각질을 떼어 주세요.",
    ],
)
def test_a_step_is_done_as_it_is_planned(text: str) -> None:
    assert verdict("scaly", text, ROUTINE)
