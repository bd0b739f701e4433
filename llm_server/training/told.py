"""What can be said of a person where an action is advised: what was seen and what was answered.

Only what bears on the action is said: the conditions that it is for, and the answers that the
rule's own circumstances name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from dupi.knowledge.korean import listed
from dupi.knowledge.plan import Case
from dupi.knowledge.rulebook import ActionRule, When
from dupi.knowledge.rules import abstained_conditions, elevated_conditions
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import (
    Circumstance,
    Condition,
    HairState,
)
from llm_server.training.ways import Word, wordings

SLOTS: Final = {
    "shampoo_frequency": "wash",
    "perm_frequency": "perm",
    "dye_frequency": "dye",
    "hair_state": "hair",
    "products": "product",
    "priority": "priority",
    "symptoms": "symptom",
    "circumstances": "circumstance",
}
"""Words of a rule's circumstances, and the slot that holds the answer."""
ANSWERS_WEIGH: Final = 3
UNTOLD: Final = {
    "기타",
    label(HairState.NATURAL),
    label(HairState.TRANSPLANT_OR_PROCEDURE),
    label(Circumstance.RECENT_SCALP_PROCEDURE),
}
"""Answers that tell nothing, and procedures: those are the referral's to name."""


@dataclass(frozen=True, slots=True)
class Told:
    """Clauses about the person: ``cause`` before a deed, ``ground`` before a reason."""

    cause: tuple[str, ...]
    ground: tuple[str, ...]


NOTHING: Final = Told((), ())


def told(rule: ActionRule, case: Case) -> Told:
    """Everything that may be told of ``case`` beside ``rule``; often nothing. Answers stand in it
    more often than what was seen: they are what the action is planned for."""
    seen, answers = list(_seen(rule, case)), list(_answered(rule, case))
    times = 1 + ANSWERS_WEIGH * len(seen) // max(1, len(answers))
    return _told([*seen, *answers * times])


def told_answers(rule: ActionRule, case: Case) -> Told:
    """The part of :func:`told` that the person answered."""
    return _told(_answered(rule, case))


_Fact = tuple[Mapping[str, Sequence[str]], Mapping[str, str]]


def _told(facts: Iterable[_Fact]) -> Told:
    facts = list(facts)
    return Told(
        cause=tuple(way for rows, slots in facts for way in _filled(rows["cause"], slots)),
        ground=tuple(way for rows, slots in facts for way in _filled(rows["ground"], slots)),
    )


def _filled(ways: Sequence[str], slots: Mapping[str, str]) -> Iterator[str]:
    return (way.format_map({name: Word(word) for name, word in slots.items()}) for way in ways)


def _seen(rule: ActionRule, case: Case) -> Iterator[_Fact]:
    facts = wordings("forms")["facts"]
    seen = _findings(rule, case)
    for condition in seen:
        grade = case.grades[condition]
        slots = {"finding": condition.korean, "grade": grade.korean if grade is not None else ""}
        yield facts["finding"], slots
        if len(case.sites) == 1:
            yield facts["finding_at_site"], {**slots, "site": case.sites[0].korean}
    if len(seen) == 2:
        yield facts["findings"], {"findings": listed([c.korean for c in seen])}


def _findings(rule: ActionRule, case: Case) -> list[Condition]:
    """What the action is for; nothing where it is planned whatever was seen."""
    bears = any(when.thresholds or when.flags.get("elevated") for when in rule.when)
    if rule.when and not bears:
        return []
    elevated = elevated_conditions(case)
    return [c for c in elevated if c in rule.conditions or (bears and not rule.conditions)]


def _answered(rule: ActionRule, case: Case) -> Iterator[_Fact]:
    facts = wordings("forms")["facts"]
    answers = _answers(case)
    held = [when for when in rule.when if _holds(when, answers)]
    names = dict.fromkeys(name for when in held for name in when.words)
    for name in names:
        bearing = frozenset().union(*(w.words[name] for w in held if name in w.words))
        for value in (v for v in answers.get(name, ()) if v in bearing):
            yield from _answer(name, value, facts)
    flags = {flag for when in held for flag, is_set in when.flags.items() if is_set}
    if "abstained" in flags:
        left = listed([condition.korean for condition in abstained_conditions(case)])
        yield facts["abstained"], {"abstained": left}
    if "all_none" in flags and not any(case.grades.values()):
        yield facts["all_none"], {}
    if "custom_care" in flags and case.survey.wants_custom_care:
        yield facts["custom_care"], {}


def _answer(name: str, value: StrEnum, facts: Mapping[str, Any]) -> Iterator[_Fact]:
    if name == "ages" and value in facts["ages"]:
        yield facts["ages"][value], {}
    if name in SLOTS and label(value) not in UNTOLD:
        yield facts[name], {SLOTS[name]: label(value)}
    simply = facts["simply"].get(name, {}).get(value, ())
    yield {"cause": simply, "ground": ()}, {}


def _holds(when: When, answers: Mapping[str, tuple[StrEnum, ...]]) -> bool:
    """Whether the answers that ``when`` names are this person's; what is no answer is left open."""
    return all(set(answers[name]) & words for name, words in when.words.items() if name in answers)


def _answers(case: Case) -> dict[str, tuple[StrEnum, ...]]:
    survey = case.survey
    return {
        "shampoo_frequency": (survey.shampoo_frequency,),
        "perm_frequency": (survey.perm_frequency,),
        "dye_frequency": (survey.dye_frequency,),
        "hair_state": (survey.hair_state,),
        "priority": (survey.purchase_priority,),
        "ages": (case.age_band,),
        "genders": (case.gender,) if case.gender else (),
        "sites": case.sites,
        "products": survey.products,
        "symptoms": survey.symptoms,
        "circumstances": survey.circumstances,
    }
