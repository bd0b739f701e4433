"""Reads the sentences that judge the checks, and counts what the checks make of them.

``python -m tests.advice.sentence_set`` prints a table; ``--set unseen`` that of the second set;
``--misses`` lists what was judged wrongly among the sentences that are not held out.
"""

import argparse
import hashlib
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from dupi.advice.checks import RejectionCode, Said, check_sentence
from dupi.knowledge.plan import Case, Plan, PlanAction, Referral, RoutineStep
from dupi.knowledge.rulebook import Rulebook, rulebook
from dupi.knowledge.rules import elevated_conditions
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
    ReferralUrgency,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)

SETS: Final = ("sentences", "unseen")
"""Folders beside this file: those that the checks were mended by, and those that only count."""
HELD_OUT_ONE_IN: Final = 3
EDITION: Final = "1"
"""Of the rules that sentences were written for whose context names none."""
WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One labelled sentence; ``before`` are sentences of the section that were said already."""

    good: bool
    kind: str
    context: str
    section: AdviceSectionKind
    text: str
    before: tuple[str, ...]
    home: str = SETS[0]

    @property
    def held_out(self) -> bool:
        digest = hashlib.sha256(self.text.encode()).digest()
        return int.from_bytes(digest) % HELD_OUT_ONE_IN == 0


@cache
def sentences(home: str = SETS[0]) -> tuple[Sentence, ...]:
    """All of a set, in the files' order."""
    return tuple(s for name in ("bad", "good") for s in _of_folder(home, name))


@cache
def contexts(home: str = SETS[0]) -> Mapping[str, tuple[Case, Plan]]:
    """By name: the case, and the plan that the sentences were written for."""
    rows = tomllib.loads((_folder(home) / "contexts.toml").read_text("utf-8"))
    return {name: _context(row) for name, row in rows.items()}


def verdict(sentence: Sentence) -> RejectionCode | None:
    """What the checks say, after what was said before it."""
    case, plan = contexts(sentence.home)[sentence.context]
    said = Said()
    for text in sentence.before:
        check_sentence(sentence.section, text, case, plan, said)
    return check_sentence(sentence.section, sentence.text, case, plan, said)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some sentences were stopped."""

    stopped: int
    total: int

    @property
    def rate(self) -> float:
        return self.stopped / self.total if self.total else 0.0

    @classmethod
    def of(cls, chosen: Iterable[Sentence]) -> "Share":
        verdicts = [verdict(sentence) is not None for sentence in chosen]
        return cls(sum(verdicts), len(verdicts))


def _folder(home: str) -> Path:
    return Path(__file__).with_name(home)


def _of_folder(home: str, name: str) -> Iterator[Sentence]:
    for path in sorted((_folder(home) / name).glob("*.toml")):
        for group in tomllib.loads(path.read_text("utf-8"))["group"]:
            for text in group["sentences"]:
                yield Sentence(
                    name == "good",
                    path.stem,
                    group["context"],
                    AdviceSectionKind(group["section"]),
                    _formed(text, group.get("form", "")),
                    tuple(group.get("before", ())),
                    home,
                )


def _formed(text: str, form: str) -> str:
    if form == "NFD":
        return unicodedata.normalize("NFD", text)
    return text.translate(WIDE) if form == "fullwidth" else text


def _context(row: Mapping[str, Any]) -> tuple[Case, Plan]:
    case, book = _case(row), rulebook(row.get("edition", EDITION))
    referral = row.get("referral")
    return case, Plan(
        actions=tuple(_action(code, case, book) for code in row["actions"]),
        shampoo=_action(row["shampoo"], case, book) if "shampoo" in row else None,
        routine=tuple(_step(code, times, book) for code, times in row["routine"].items()),
        referral=_referral(referral, book) if referral else None,
        edition=book.version,
    )


def _case(row: Mapping[str, Any]) -> Case:
    person = row["person"]
    signs = zip(Condition, row["grades"], strict=True)
    return Case(
        grades={c: None if sign == "-" else Severity(int(sign)) for c, sign in signs},
        survey=_survey(row["survey"]),
        age_band=AgeBand(person["age_band"]),
        gender=Gender(person["gender"]) if "gender" in person else None,
        sites=tuple(map(ScalpSite, person["sites"])),
    )


def _survey(row: Mapping[str, Any]) -> SurveyAnswers:
    return SurveyAnswers(
        shampoo_frequency=ShampooFrequency(row["shampoo_frequency"]),
        perm_frequency=TreatmentFrequency(row["perm_frequency"]),
        dye_frequency=TreatmentFrequency(row["dye_frequency"]),
        hair_state=HairState(row["hair_state"]),
        products=tuple(map(HairProduct, row["products"])),
        wants_custom_care=row.get("wants_custom_care", False),
        purchase_priority=PurchasePriority(row["purchase_priority"]),
        symptoms=tuple(map(Symptom, row.get("symptoms", ()))),
        circumstances=tuple(map(Circumstance, row.get("circumstances", ()))),
    )


def _action(code: str, case: Case, book: Rulebook) -> PlanAction:
    rule = book.phrased(code)
    shown = tuple(c for c in rule.conditions if c in elevated_conditions(case))
    return PlanAction(rule.code, rule.text, rule.reason, book.cited(rule), shown)


def _step(code: str, times: int, book: Rulebook) -> RoutineStep:
    rule = next(step for step in book.steps if step.code == code)
    return RoutineStep(rule.action, rule.text, times)


def _referral(row: Mapping[str, Any], book: Rulebook) -> Referral:
    urgency = ReferralUrgency(row["urgency"])
    return Referral(urgency, book.referral_texts[urgency], tuple(row["reasons"]))


def _table(chosen_set: Sequence[Sentence]) -> Iterator[str]:
    yield f"{'kind':24}{'open':>14}{'held out':>14}{'stopped':>9}"
    kinds = dict.fromkeys((s.good, s.kind) for s in chosen_set)
    for good, kind in [*kinds, (False, ""), (True, "")]:
        chosen = [s for s in chosen_set if s.good == good and kind in ("", s.kind)]
        parts = [Share.of(s for s in chosen if s.held_out is held) for held in (False, True)]
        cells = "".join(f"{part.stopped:>8} of {part.total:>2}" for part in parts)
        name = f"{'good' if good else 'bad'} {kind}"
        yield f"{name:24}{cells}{Share.of(chosen).rate:>9.1%}"


def _misses(chosen_set: Sequence[Sentence]) -> Iterator[str]:
    for sentence in chosen_set:
        code = verdict(sentence)
        if not sentence.held_out and (code is None) != sentence.good:
            yield f"{sentence.kind} {sentence.context} {sentence.section} {code}: {sentence.text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=SETS, default=SETS[0])
    parser.add_argument("--misses", action="store_true", help="list what was judged wrongly")
    asked = parser.parse_args()
    lines = (_misses if asked.misses else _table)(sentences(asked.set))
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
