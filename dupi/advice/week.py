"""How often a sentence of the weekly routine asks for something, held against the plan."""

import re
from collections.abc import Sequence
from typing import Final

from dupi.advice.text import COUNTS
from dupi.advice.words import names
from dupi.knowledge.plan import Plan, RoutineStep
from dupi.knowledge.rulebook import StepRule, rulebook

EVERY_DAY: Final = 7
_NATIVE: Final = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7}
_WEEKLY: Final = re.compile(
    rf"(?:1?일주일에|1주일에|한 주에|매주|주에?) ?(\d+|{'|'.join(_NATIVE)}) ?(?:번|회|차례)"
)
_DAILY: Final = re.compile(r"매일|날마다|하루에? ?(?:한 ?번|1회)")
_NUMBER: Final = re.compile(
    rf"\d|(?<![가-힣])(?:{COUNTS}) ?(?:번|회|달|주|시간|차례|가지|개월|분|일)"
    r"|이틀|사흘|나흘|열흘|보름|격주|아침마다"
)
_CLAUSE: Final = re.compile(r"(?<=고),? |, ")


def steps_named(text: str, plan: Plan) -> list[StepRule]:
    """Steps of the rules, planned or not, that ``text`` speaks of."""
    return [s for s in rulebook(plan.edition).steps if names(text, s.keys, s.code)]


def planned_steps(steps: Sequence[StepRule], plan: Plan) -> list[RoutineStep] | None:
    """The planned steps for these rules; ``None`` where one is not planned."""
    planned = {step.text: step for step in plan.routine}
    if any(step.text not in planned for step in steps):
        return None
    return [planned[step.text] for step in steps]


def times_told(text: str) -> set[int]:
    """The times a week that ``text`` tells."""
    told = {_number(match.group(1)) for match in _WEEKLY.finditer(text)}
    return told | ({EVERY_DAY} if _DAILY.search(_WEEKLY.sub("", text)) else set())


def times_fit(text: str, plan: Plan) -> bool:
    """Exactly the planned times a week, or none; and no other number."""
    if _NUMBER.search(_DAILY.sub("", _WEEKLY.sub("", text))):
        return False
    told = times_told(text)
    parts = _CLAUSE.split(text) if len(told) > 1 else [text]
    return all(_fits(part, plan) for part in parts)


def _fits(text: str, plan: Plan) -> bool:
    told, steps = times_told(text), planned_steps(steps_named(text, plan), plan) or []
    return not told or not steps or told == {step.times_per_week for step in steps}


def _number(word: str) -> int:
    return _NATIVE.get(word) or int(word)
