"""Words and deeds of the base text: what ``everyday.toml`` and the rules' phrases are drawn by."""

import random
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from dupi.knowledge.korean import Ending, josa
from dupi.knowledge.rulebook import NEWEST, Phrased, Rulebook, rulebook
from dupi.knowledge.survey_words import LABELS
from llm_server.training.ways import EVERYDAY_FILE, care_ways, ended, step_ways, wordings

CARE_SHARE: Final = 0.5
Kind = Callable[[random.Random], str]
Pair = tuple[str, str]
"""A deed as a list's item and in dictionary form."""


@cache
def everyday() -> Mapping[str, Any]:
    """The file, with the survey's choices as ``survey``."""
    data = tomllib.loads(EVERYDAY_FILE.read_text("utf-8"))
    return {**data, "survey": sorted({ko for rows in LABELS.values() for ko, _ in rows.values()})}


def book() -> Rulebook:
    """The rules whose words are learnt: the newest, for new weights serve those."""
    return rulebook(NEWEST)


def any_deed(rng: random.Random) -> Pair:
    """Something of every day, or of care."""
    return care_pairs(rng, 1)[0] if rng.random() < CARE_SHARE else deed(rng)


def deed(rng: random.Random) -> Pair:
    """Something of every day, with who, when or where now and then."""
    words = everyday()
    kind = rng.choice(words["deeds"])
    adverb = rng.choice((rng.choice(words["when"]), rng.choice(words["places"]), ""))
    parts = (company(rng).strip(), adverb, rng.choice(kind["objects"]), rng.choice(kind["verbs"]))
    do = " ".join(part for part in parts if part)
    return noun(do), do


def company(rng: random.Random) -> str:
    """친구와, or nothing; ends with a space."""
    if rng.random() < 0.75:
        return ""
    return josa(rng.choice(everyday()["people"]), "과/와") + " "


def care_pairs(rng: random.Random, count: int) -> list[Pair]:
    """What the rules may advise, each at most once."""
    rules: list[Phrased] = rng.sample(book().sayable, count)
    chosen = [(rule, rng.choice(care_ways(rule).do)) for rule in rules]
    return [(rng.choice((rule.text, rule.text, noun(do))), do) for rule, do in chosen]


def step_pair(rng: random.Random) -> Pair:
    """A step of the routine."""
    step = rng.choice(book().steps)
    return step.text, rng.choice(step_ways(step).do)


def noun(do: str) -> str:
    """A deed as a list names it: 머리를 감기."""
    return do[:-1] + "기"


def sentence(rng: random.Random, do: str) -> str:
    """The deed asked for, with a reason now and then."""
    prose = everyday()["prose"]
    rule = next((rule for rule in book().sayable if do in care_ways(rule).do), None)
    reasons = care_ways(rule).why if rule else prose["because"]
    because = rng.choice(reasons) if rng.random() < 0.6 else ""
    parts = (rng.choice(prose["openers"]), because, said(rng, do))
    return " ".join(part for part in parts if part) + "."


def said(rng: random.Random, do: str) -> str:
    """The deed, asked for in one of many ways."""
    endings = wordings("forms")["endings"]
    kind = "not" if do.endswith("않다") else rng.choice(("any", "routine"))
    return ended(do, rng.choice([*endings[kind], str(Ending.PLEASE)]))


def told(rng: random.Random) -> str:
    """What stands before a text: 글로 쓰면: or [이야기]."""
    prose = everyday()["prose"]
    return rng.choice((rng.choice(prose["told"]) + ":", rng.choice(prose["marks"])))


def title(rng: random.Random) -> str:
    """A mark before a text, or nothing."""
    return rng.choice(("", rng.choice(everyday()["prose"]["marks"])))
