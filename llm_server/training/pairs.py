"""Prompt → advice pairs for the LoRA: people, the rules' plan, and one of many ways of saying it.

People are kept for the test by a hash of what their texts are made of, so that no combination that
is tested was ever trained on.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dupi.advice.prompts import NEWEST, Message, advice_messages
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rulebook import NEWEST as EDITION
from dupi.knowledge.rules import make_plan
from llm_server.training.people import random_case
from llm_server.training.writing import write_reply

__all__ = ["AdvicePair", "combination", "is_test_case", "pair_of", "pairs", "people"]

TEST_SHARE: Final = 10
DRAWN: Final = 6


@dataclass(frozen=True, slots=True)
class AdvicePair:
    case: Case
    plan: Plan
    reply: str

    @property
    def messages(self) -> list[Message]:
        """The newest prompt: what is trained on."""
        return self.prompted(NEWEST)

    def prompted(self, version: str) -> list[Message]:
        """A version of the prompt: the one that the weights that answer were trained on."""
        return advice_messages(self.case, self.plan, version)


def pairs(seed: int, *, test: bool = False, edition: str = EDITION) -> Iterator[AdvicePair]:
    """Endless pairs of the training cases, or of the test cases; the same seed gives the same.
    Plans are of ``edition``: the one that the weights in question were trained on.

    Training leans to what is seldom planned: of a few cases it takes the one with the action that
    was met least so far. Test cases come as they come.
    """
    rng = random.Random(seed)  # noqa: S311 - text, not secrets
    for case, plan in people(rng, test=test, edition=edition):
        yield AdvicePair(case, plan, write_reply(case, plan, rng))


def people(
    rng: random.Random, *, test: bool = False, edition: str = EDITION
) -> Iterator[tuple[Case, Plan]]:
    """The people of :func:`pairs`, with their plans."""
    met = Counter[str]()
    while True:
        drawn = [_case(rng, test) for _ in range(1 if test else DRAWN)]
        plans = [(case, make_plan(case, edition=edition)) for case in drawn]
        case, plan = min(plans, key=lambda drawn: _least_met(drawn[1], met))
        met.update(_codes(plan))
        yield case, plan


def _least_met(plan: Plan, met: Counter[str]) -> int:
    return min((met[code] for code in _codes(plan)), default=0)


def _codes(plan: Plan) -> list[str]:
    return [action.code for action in (*plan.actions, plan.shampoo) if action]


def pair_of(case: Case, rng: random.Random, refused: Counter[str] | None = None) -> AdvicePair:
    """A pair for one person."""
    plan = make_plan(case, edition=EDITION)
    return AdvicePair(case, plan, write_reply(case, plan, rng, refused))


def _case(rng: random.Random, test: bool) -> Case:
    while True:
        case = random_case(rng)
        if is_test_case(case) == test:
            return case


def combination(case: Case) -> str:
    """What a text is made of: findings, answers and symptoms. Two people who differ only in age,
    gender or site are the same combination."""
    grades = ",".join(f"{c}={case.grades.get(c)!r}" for c in sorted(case.grades))
    return f"{grades};{case.survey!r}"


def is_test_case(case: Case) -> bool:
    """One combination in ten."""
    digest = hashlib.sha256(combination(case).encode()).digest()
    return digest[0] % TEST_SHARE == 0
