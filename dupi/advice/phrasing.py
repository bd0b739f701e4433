"""Ways of saying a plan in Korean: the rules' own words, and what the training pairs are made of.

A ``Chooser`` picks among ways; :data:`FIRST_WAY` always picks the first, a seeded random choice
gives the training pairs their variety.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from dupi.knowledge.korean import Ending, josa, listed, say
from dupi.knowledge.plan import Case, Plan, RoutineStep
from dupi.knowledge.rulebook import Phrased, Rulebook, rulebook
from dupi.knowledge.rules import abstained_conditions, elevated_conditions
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import Condition, TreatmentFrequency

T = TypeVar("T")
Chooser = Callable[[Sequence[T]], T]

EVERY_DAY: Final = 7
OPENERS: Final = ("먼저", "우선")
JOINERS: Final = ("", "", "", "그리고", "또")
CLOSERS: Final = ("마지막으로", "끝으로", "")
ROUTINE_ENDINGS: Final = (Ending.PLEASE, Ending.GOOD, Ending.TRY)


def first_way(ways: Sequence[T]) -> T:
    """Always the first way: the rules' own text does not vary."""
    return ways[0]


def summary_sentences(case: Case, choose: Chooser[str]) -> list[str]:
    """What was seen, what could not be graded, and what the person answered."""
    return [
        *_findings(case, choose),
        _habits(case, choose),
        *_symptoms(case, choose),
    ]


def care_sentences(plan: Plan, choose: Chooser[str]) -> list[str]:
    """One sentence for the shampoo and for each action, in the plan's order."""
    planned = ([plan.shampoo] if plan.shampoo else []) + list(plan.actions)
    book = rulebook(plan.edition)
    rules = [book.phrased(action.code) for action in planned]
    last = len(rules) - 1
    return [_care(book, rule, choose, (i == 0, 0 < i == last)) for i, rule in enumerate(rules)]


def routine_sentences(plan: Plan, choose: Chooser[str]) -> list[str]:
    """One sentence for each step, with how often a week."""
    return [_step(rulebook(plan.edition), step, choose) for step in plan.routine]


def sites_text(case: Case) -> str:
    """정수리와 후두부."""
    return listed([site.korean for site in case.sites])


def findings_text(case: Case) -> str:
    """미세각질은 경증, 비듬은 중등도: what is elevated; empty where nothing is."""
    graded = ((c, case.grades[c]) for c in elevated_conditions(case))
    return ", ".join(f"{josa(c.korean, '은/는')} {g.korean}" for c, g in graded if g is not None)


def habits_text(case: Case) -> str:
    """샴푸는 하루 한 번, 염색은 연 1~3회: what the person does."""
    survey = case.survey
    habits = {"펌": survey.perm_frequency, "염색": survey.dye_frequency}
    done = {name: often for name, often in habits.items() if often is not TreatmentFrequency.NEVER}
    told = [f"{josa(name, '은/는')} {label(often)}" for name, often in done.items()]
    return ", ".join([f"샴푸는 {label(survey.shampoo_frequency)}", *told])


def symptoms_text(case: Case) -> str:
    """가려움과 통증; empty where there are none."""
    return listed([label(symptom) for symptom in case.survey.symptoms])


def abstained_text(case: Case) -> str:
    """비듬과 탈모: what could not be graded; empty where all was."""
    return listed([condition.korean for condition in abstained_conditions(case)])


def often_text(times_a_week: int) -> str:
    return "매일" if times_a_week == EVERY_DAY else f"주 {times_a_week}회"


def _findings(case: Case, choose: Chooser[str]) -> list[str]:
    sites = sites_text(case)
    elevated, abstained = elevated_conditions(case), abstained_conditions(case)
    clear = len(Condition) - len(elevated) - len(abstained)
    if elevated:
        rest = ("나머지 항목은 양호해요.", "그 밖의 항목은 양호한 편이에요.")
        seen = [_named(case, sites, choose), *_abstained(case, choose)]
        return [*seen, choose(rest)] if clear else seen
    nothing = (
        f"{sites} 사진에서 눈에 띄는 변화는 보이지 않아요.",
        f"{sites} 사진에서 큰 변화는 보이지 않아요.",
    )
    whole = ("여섯 항목이 모두 양호해요.", "여섯 항목 모두 양호한 편이에요.")
    seen = [choose(nothing)] if clear else []
    return [*seen, *_abstained(case, choose)] if abstained else [*seen, choose(whole)]


def _named(case: Case, sites: str, choose: Chooser[str]) -> str:
    seen = josa(findings_text(case), "으로/로")
    return choose(
        (
            f"{sites} 사진에서 {seen} 보여요.",
            f"{sites} 사진에서 {seen} 나타났어요.",
            f"{sites} 사진에서 {seen} 확인돼요.",
        )
    )


def _abstained(case: Case, choose: Chooser[str]) -> list[str]:
    names = abstained_text(case)
    if not names:
        return []
    subject = josa(names, "은/는")
    return [
        choose((f"{subject} 판단을 미뤘어요.", f"{subject} 이번 사진으로 판단하기 어려웠어요."))
    ]


def _habits(case: Case, choose: Chooser[str]) -> str:
    told = habits_text(case)
    return choose((f"{told} 하신다고 답하셨어요.", f"설문에서 {told} 하신다고 하셨어요."))


def _symptoms(case: Case, choose: Chooser[str]) -> list[str]:
    if not case.survey.symptoms:
        return []
    named = josa(symptoms_text(case), "이/가")
    return [choose((f"{named} 있다고 답하셨어요.", f"{named} 느껴진다고 하셨어요."))]


def _care(book: Rulebook, rule: Phrased, choose: Chooser[str], place: tuple[bool, bool]) -> str:
    """``place``: whether it is the first sentence, and the last."""
    first, last = place
    opener = choose(OPENERS if first else CLOSERS if last else JOINERS)
    because = choose((*rule.because, ""))
    ending = Ending(choose([str(e) for e in Ending]))
    said = say(choose(rule.do), ending, book.verbs)
    return " ".join(part for part in (opener, because, said) if part) + "."


def _step(book: Rulebook, step: RoutineStep, choose: Chooser[str]) -> str:
    do = choose(book.step(step.text).do)
    ending = Ending(choose([str(e) for e in ROUTINE_ENDINGS]))
    return f"{often_text(step.times_per_week)} {say(do, ending, book.verbs)}."
