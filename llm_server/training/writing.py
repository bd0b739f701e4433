"""Writes a plan out in the many ways of the wordings: the replies that the adapter learns.

Each text has a voice of its own (a few endings and joining words), tells what was seen and answered
as the reason for what is advised, and passes the reply checks sentence by sentence: a sentence that
fails is drawn again.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Final

from dupi.advice.checks import Said, check_sentence
from dupi.advice.phrasing import care_sentences, first_way, routine_sentences
from dupi.advice.prompts import SECTION_MARKS
from dupi.knowledge.plan import Case, Plan, RoutineStep
from dupi.knowledge.rulebook import Rulebook, rulebook
from dupi.knowledge.vocabulary import AdviceSectionKind, Condition
from llm_server.training.clumsy import is_clumsy
from llm_server.training.told import Told, told
from llm_server.training.voice import Voice, sentence_of
from llm_server.training.ways import Ways, because, care_ways, ended, joined, step_ways, wordings

TRIES: Final = 40
EVERY_DAY: Final = 7
JOINED_SHARE: Final = {"STEP_DRY": 0.75}
OTHERS_JOINED_SHARE: Final = 0.4
"""How often a step shares a sentence with the one before it."""
LEADS: Final = {
    ("cause",): 14,
    ("cause", "when"): 3,
    ("ground", "why"): 10,
    ("cause", "aim"): 3,
    ("why",): 5,
    ("why", "when"): 2,
    ("when",): 3,
    ("aim",): 2,
    ("when", "aim"): 2,
    ("say",): 4,
    ("cause", "gain"): 2,
    ("gain",): 2,
    ("when", "gain"): 1,
}
"""What leads to the deed, and how often. ``say`` is a whole sentence; ``gain`` follows the deed."""


def write_reply(
    case: Case, plan: Plan, rng: random.Random, refused: Counter[str] | None = None
) -> str:
    """What the model is to write after ``reply_opening``; ``refused`` counts what was drawn anew,
    by the code of the check."""
    voice, said, refused = Voice.of(rng), Said(), Counter() if refused is None else refused
    writer = _Writer(case, plan, said, refused)
    sections = {
        AdviceSectionKind.CARE: list(_care(writer, voice)),
        AdviceSectionKind.ROUTINE: list(_routine(writer, voice)),
    }
    return "\n".join(
        f"{SECTION_MARKS[kind]} {' '.join(sentences)}" for kind, sentences in sections.items()
    )


@dataclass(slots=True)
class _Writer:
    case: Case
    plan: Plan
    said: Said
    refused: Counter[str]

    def checked(self, kind: AdviceSectionKind, draw: Callable[[], str], plain: str) -> str:
        """A drawn sentence that passes, or ``plain``."""
        for sentence in (draw() for _ in range(TRIES)):
            if not sentence or is_clumsy(sentence) or self._is_off(sentence):
                continue
            said = _copied(self.said)
            code = check_sentence(kind, sentence, self.case, self.plan, said)
            if not code:
                self.said = said
                return sentence
            self.refused[code] += 1
        if plain:
            self.refused["plain"] += 1
            check_sentence(kind, plain, self.case, self.plan, self.said)
        return plain

    def _is_off(self, sentence: str) -> bool:
        """Speaks of redness or shine where none was seen."""
        needed = wordings("forms")["needs"]
        return any(
            word in sentence and not any(self.case.grades.get(Condition(c)) for c in conditions)
            for word, conditions in needed.items()
        )


def _copied(said: Said) -> Said:
    return replace(said, **{part.name: copy(getattr(said, part.name)) for part in fields(said)})


def _care(writer: _Writer, voice: Voice) -> Iterator[str]:
    plan, kind = writer.plan, AdviceSectionKind.CARE
    planned = ([plan.shampoo] if plan.shampoo else []) + list(plan.actions)
    rules = [rulebook(plan.edition).phrased(action.code) for action in planned]
    plain = care_sentences(plan, first_way)
    for i, rule in enumerate(rules):
        facts, ways = told(rule, writer.case), care_ways(rule)
        place = _place(voice, i, len(rules))

        def draw(facts: Told = facts, ways: Ways = ways, place: str = place) -> str:
            return _care_sentence(voice, place, facts, ways)

        sentence = writer.checked(kind, draw, plain[i])
        voice.remember(sentence, facts)
        yield sentence


def _place(voice: Voice, number: int, count: int) -> str:
    if number == 0:
        return voice.opener
    if number == count - 1 and count > 2:
        return voice.closer
    return voice.joiners.pop() if voice.joiners and voice.rng.random() < 0.3 else ""


def _care_sentence(voice: Voice, place: str, facts: Told, ways: Ways) -> str:
    rng = voice.rng
    stock: dict[str, Sequence[str]] = {
        "cause": [way for way in facts.cause if way not in voice.clauses],
        "ground": [way for way in facts.ground if way not in voice.clauses],
        **{name: getattr(ways, name) for name in ("when", "why", "aim", "gain", "say")},
    }
    kinds = {kinds: often for kinds, often in LEADS.items() if all(stock[kind] for kind in kinds)}
    if not kinds:
        return sentence_of([place, voice.deed(ways.do)])
    (chosen,) = rng.choices(list(kinds), list(kinds.values()))
    said = {kind: because(rng.choice(stock[kind]), rng) for kind in chosen}
    if "say" in said:
        return sentence_of([place, said["say"]])
    leads = [voice.lead(said[kind]) for kind in chosen if kind != "gain"]
    if "gain" in said:
        return sentence_of([place, *leads, ended(rng.choice(ways.do), "{myeon}"), said["gain"]])
    return sentence_of([place, *leads, voice.deed(ways.do)])


def _routine(writer: _Writer, voice: Voice) -> Iterator[str]:
    kind = AdviceSectionKind.ROUTINE
    plain = dict(zip(writer.plan.routine, routine_sentences(writer.plan, first_way), strict=True))
    book = rulebook(writer.plan.edition)
    for steps in _grouped(book, writer.plan.routine, voice.rng):

        def draw(steps: Sequence[RoutineStep] = steps) -> str:
            return _step_sentence(book, voice, steps)

        alone = plain[steps[0]] if len(steps) == 1 else ""
        sentence = writer.checked(kind, draw, alone)
        sentences = [sentence] if sentence else [plain[step] for step in steps]
        voice.remember(sentences[-1])
        yield from sentences


def _grouped(
    book: Rulebook, steps: Sequence[RoutineStep], rng: random.Random
) -> list[list[RoutineStep]]:
    """Neighbours that are done equally often now and then share a sentence."""
    groups = [[step] for step in steps[:1]]
    for before, step in pairwise(steps):
        alike = before.times_per_week == step.times_per_week and len(groups[-1]) == 1
        share = JOINED_SHARE.get(book.step(step.text).code, OTHERS_JOINED_SHARE)
        if alike and rng.random() < share:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def _step_sentence(book: Rulebook, voice: Voice, steps: Sequence[RoutineStep]) -> str:
    rng = voice.rng
    often = _often(steps[0].times_per_week, rng)
    ways = [step_ways(book.step(step.text)) for step in steps]
    if len(ways) == 1 and ways[0].say and rng.random() < 0.3:
        return sentence_of([rng.choice(ways[0].say).format(often=often)])
    *before, last = [rng.choice(way.do) for way in ways]
    ending = voice.ending(last, wordings("forms")["endings"]["routine"])
    return sentence_of([often, *(_first(do, last) for do in before), ended(last, ending)])


def _first(do: str, then: str) -> str:
    """``do`` before ``then``: 머리를 감고, 감은 뒤 …"""
    said = joined(do)
    return f"{said}," if then[0] == said.rpartition(" ")[2][0] else said


def _often(times: int, rng: random.Random) -> str:
    words: dict[str, Any] = wordings("routine")["often"]
    if times == EVERY_DAY:
        return str(rng.choice(words["daily"]))
    return str(rng.choice(words["weekly"])).format(n=times, native=words["native"][times])
