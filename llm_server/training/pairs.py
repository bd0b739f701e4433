"""Prompt → advice pairs for the LoRA: random cases, the rules' plan, and a phrasing of it.

A case is kept for the test by a hash of what it is, so that no test case is ever trained on.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dupi.advice.phrasing import Chooser, care_sentences, routine_sentences
from dupi.advice.prompts import SECTION_MARKS, Message, advice_messages
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rules import make_plan
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AdviceSectionKind,
    AgeBand,
    Circumstance,
    Condition,
    Gender,
    HairProduct,
    HairState,
    PurchasePriority,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)

TEST_SHARE: Final = 10
DRAWN: Final = 4
GRADE_WEIGHTS: Final = {None: 6, 0: 50, 1: 22, 2: 14, 3: 8}
"""Of a hundred findings; most are clear, as in life."""


@dataclass(frozen=True, slots=True)
class AdvicePair:
    case: Case
    plan: Plan
    messages: list[Message]
    reply: str


def pairs(seed: int, *, test: bool = False) -> Iterator[AdvicePair]:
    """Endless pairs of the training cases, or of the test cases.

    Training leans to what is seldom planned: of a few cases it takes the one with the action that
    was met least so far. Test cases come as they come.
    """
    rng, met = random.Random(seed), Counter[str]()  # noqa: S311 - text, not secrets
    while True:
        drawn = [_case(rng, test) for _ in range(1 if test else DRAWN)]
        plans = [(case, make_plan(case)) for case in drawn]
        case, plan = min(plans, key=lambda drawn: min(met[a.code] for a in drawn[1].actions))
        met.update(action.code for action in plan.actions)
        yield AdvicePair(case, plan, advice_messages(case, plan), write_reply(plan, rng))


def _case(rng: random.Random, test: bool) -> Case:
    while True:
        case = random_case(rng)
        if is_test_case(case) == test:
            return case


def is_test_case(case: Case) -> bool:
    """One case in ten, by what it is."""
    digest = hashlib.sha256(repr(case).encode()).digest()
    return digest[0] % TEST_SHARE == 0


def write_reply(plan: Plan, rng: random.Random) -> str:
    """What the model is to write after ``reply_opening``."""
    choose: Chooser[str] = rng.choice
    sections = {
        AdviceSectionKind.CARE: care_sentences(plan, choose),
        AdviceSectionKind.ROUTINE: routine_sentences(plan, choose),
    }
    return "\n".join(
        f"{SECTION_MARKS[kind]} {' '.join(sentences)}" for kind, sentences in sections.items()
    )


def random_case(rng: random.Random) -> Case:
    grades = rng.choices(list(GRADE_WEIGHTS), list(GRADE_WEIGHTS.values()), k=len(Condition))
    return Case(
        grades={
            c: None if g is None else Severity(g) for c, g in zip(Condition, grades, strict=True)
        },
        survey=_random_survey(rng),
        age_band=rng.choice(list(AgeBand)),
        gender=rng.choice([None, *Gender]),
        sites=tuple(sorted(rng.sample(list(ScalpSite), rng.choice((1, 1, 2, 2, 3, 4))))),
    )


def _random_survey(rng: random.Random) -> SurveyAnswers:
    never = TreatmentFrequency.NEVER
    return SurveyAnswers(
        shampoo_frequency=rng.choice(list(ShampooFrequency)),
        perm_frequency=rng.choice([never, *TreatmentFrequency]),
        dye_frequency=rng.choice([never, *TreatmentFrequency]),
        hair_state=rng.choice(list(HairState)),
        products=tuple(rng.sample(list(HairProduct), rng.randint(0, 4))),
        wants_custom_care=rng.random() < 0.5,
        purchase_priority=rng.choice(list(PurchasePriority)),
        symptoms=tuple(rng.sample(list(Symptom), rng.choice((0, 0, 0, 1, 1, 2)))),
        circumstances=tuple(rng.sample(list(Circumstance), rng.choice((0, 0, 0, 0, 1)))),
    )
