"""Text of the project's own for the base model: everyday Korean and scalp care.

It teaches words, sentence forms and the skill of writing a list out in sentences. It holds no
prompt of the advisor and no advice: those are the LoRA's (see ``pairs.py``).
"""

import random
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from dupi.knowledge.korean import Ending, josa, listed, say
from dupi.knowledge.rulebook import Phrased, rulebook

EVERYDAY_FILE: Final = Path(__file__).with_name("everyday.toml")
SEPARATORS: Final = (" / ", ", ", "\n- ", "\n")
CARE_SHARE: Final = 0.6
Kind = Callable[[random.Random], str]
Pair = tuple[str, str]
"""A deed as a list's item and in dictionary form."""


@cache
def everyday() -> Mapping[str, Any]:
    return tomllib.loads(EVERYDAY_FILE.read_text("utf-8"))


@cache
def verbs() -> Mapping[str, tuple[str, str, str]]:
    return {**rulebook().verbs, **everyday()["verbs"]}


def documents(seed: int, *, copying: bool = False) -> Iterator[str]:
    """Endless documents; the same seed gives the same ones.

    ``copying``: half of them can only be foreseen by looking something up and copying it.
    """
    rng = random.Random(seed)  # noqa: S311 - text, not secrets
    kinds = SENTENCES + COPYING if copying else SENTENCES
    while True:
        yield rng.choice(kinds)(rng)


def written_out(rng: random.Random) -> str:
    """A list, and the same in sentences."""
    care = rng.random() < CARE_SHARE
    count = rng.randint(3, 8)
    pairs = _care_pairs(rng, count) if care else [_deed(rng) for _ in range(count)]
    separator = rng.choice(SEPARATORS)
    head, told = rng.choice(everyday()["prose"]["list_heads"]), _told(rng)
    items = separator.join(item for item, _ in pairs)
    start = separator if separator.startswith("\n") else " "
    sentences = " ".join(_sentence(rng, do) for _, do in pairs)
    return f"{head}:{start}{items}\n{told} {sentences}"


def times_a_week(rng: random.Random) -> str:
    """Deeds with how often a week, and the same in sentences."""
    pairs = [
        _step_pair(rng) if rng.random() < 0.5 else _deed(rng) for _ in range(rng.randint(2, 5))
    ]
    times = [rng.choice((1, 1, 2, 3, 4, 5, 6, 7, 7)) for _ in pairs]
    items = " / ".join(f"{item} 주 {n}회" for (item, _), n in zip(pairs, times, strict=True))
    said = (f"{_often(rng, n)} {_said(rng, do)}." for (_, do), n in zip(pairs, times, strict=True))
    return (
        f"{rng.choice(everyday()['prose']['list_heads'])}: {items}\n{_told(rng)} {' '.join(said)}"
    )


def described(rng: random.Random) -> str:
    """Things and how they are, as a table and in a sentence."""
    words = everyday()
    things = rng.sample(words["names"], rng.randint(1, 6))
    known = [(name, rng.choice(words["values"])) for name in things]
    where, group = rng.choice(words["names"]), rng.choice(words["groups"])
    table = ", ".join(f"{name} {value}" for name, value in known)
    pair = rng.choice(("은/는", "이/가"))
    plain = josa(", ".join(f"{josa(n, pair)} {v}" for n, v in known), "으로/로")
    left = listed(rng.sample(words["names"], rng.randint(1, 3)))
    end = rng.choice(("보여요", "나타났어요", "확인돼요", "적혀 있어요"))
    tail = rng.choice(
        (
            "",
            f" {josa(left, '은/는')} 판단을 미뤘어요.",
            f" {josa(left, '은/는')} 이번 {josa(group, '으로/로')} 판단하기 어려웠어요.",
            " 나머지 항목은 양호해요.",
            " 그 밖의 항목은 양호한 편이에요.",
            " 눈에 띄는 변화는 보이지 않아요.",
            " 모두 양호해요.",
        )
    )
    left_row = f"\n남은 것: {left}" if left in tail else ""
    return (
        f"{where} {group}: {table}{left_row}\n{_told(rng)} {where} {group}에서 {plain} {end}.{tail}"
    )


def told_habits(rng: random.Random) -> str:
    """Habits and feelings as a table and as someone tells them."""
    words = everyday()
    habits = [
        (h, rng.choice(words["often"])) for h in rng.sample(words["habits"], rng.randint(1, 4))
    ]
    feelings = listed(rng.sample(words["feelings"], rng.randint(1, 3)))
    table = ", ".join(f"{habit} {often}" for habit, often in habits)
    said = ", ".join(f"{josa(habit, '은/는')} {often}" for habit, often in habits)
    who = rng.choice((*words["people"], "설문"))
    first = rng.choice((f"{said} 하신다고 답하셨어요.", f"{who}에서 {said} 하신다고 하셨어요."))
    felt = josa(feelings, "이/가") + rng.choice((" 있다고 답하셨어요.", " 느껴진다고 하셨어요."))
    return f"{who}: {table}\n느낌: {feelings}\n{_told(rng)} {first} {felt}"


def looked_up(rng: random.Random) -> str:
    """A table whose contents cannot be guessed, and its rows told in another order.

    Invented words leave nothing to go by but the table itself: what a small model learns here is
    to look a row up and to copy it, which is what telling a plan asks of it.
    """
    labels = rng.sample((*everyday()["names"], *everyday()["groups"]), rng.randint(2, 6))
    rows = {label: _row(rng) for label in labels}
    table = "\n".join(f"{label}: {row}" for label, row in rows.items())
    told = rng.sample(labels, rng.randint(1, len(labels)))
    end = rng.choice(("보여요", "나타났어요", "확인돼요", "적혀 있어요"))
    said = (f"{label}에서 {josa(rows[label], '으로/로')} {end}." for label in told)
    return f"{table}\n{_told(rng)} {' '.join(said)}"


def repeated(rng: random.Random) -> str:
    """A line of words that cannot be guessed, twice or more."""
    line = rng.choice((" ", ", ", " / ")).join(_word(rng) for _ in range(rng.randint(4, 20)))
    return "\n".join([line] * rng.randint(2, 3))


def _row(rng: random.Random) -> str:
    words = [_word(rng) for _ in range(rng.randint(1, 4))]
    values = (*everyday()["values"], *(_word(rng) for _ in range(3)))
    kind = rng.randrange(3)
    if kind == 0:
        return listed(words)
    if kind == 1:
        return " / ".join(words)
    return ", ".join(f"{josa(word, '은/는')} {rng.choice(values)}" for word in words)


def _word(rng: random.Random) -> str:
    """A word of the everyday list, or an invented one of common syllables."""
    if rng.random() < 0.4:
        return str(rng.choice(everyday()["names"]))
    return "".join(rng.choice(_syllables()) for _ in range(rng.randint(1, 4)))


@cache
def _syllables() -> tuple[str, ...]:
    """The syllables of the project's own sentences, so that each has a token."""
    text = EVERYDAY_FILE.read_text("utf-8") + " ".join(r.reason for r in rulebook().sayable)
    return tuple(sorted({char for char in text if "가" <= char <= "힣"}))


def chat(rng: random.Random) -> str:
    """A few sentences of prose: facts, and what someone asks for."""
    facts = [*everyday()["prose"]["facts"], *(rule.reason for rule in rulebook().sayable)]
    sentences = [
        rng.choice(facts) if rng.random() < 0.4 else _sentence(rng, _any_deed(rng)[1])
        for _ in range(rng.randint(3, 7))
    ]
    return f"{rng.choice(('', _told(rng) + ' '))}{' '.join(sentences)}"


def _told(rng: random.Random) -> str:
    prose = everyday()["prose"]
    return rng.choice((rng.choice(prose["told"]) + ":", rng.choice(prose["marks"])))


def _any_deed(rng: random.Random) -> Pair:
    return _care_pairs(rng, 1)[0] if rng.random() < CARE_SHARE else _deed(rng)


def _deed(rng: random.Random) -> Pair:
    words = everyday()
    kind = rng.choice(words["deeds"])
    adverb = rng.choice((rng.choice(words["when"]), rng.choice(words["places"]), ""))
    company = josa(rng.choice(words["people"]), "과/와") if rng.random() < 0.2 else ""
    parts = (company, adverb, rng.choice(kind["objects"]), rng.choice(kind["verbs"]))
    do = " ".join(part for part in parts if part)
    return _noun(do), do


def _care_pairs(rng: random.Random, count: int) -> list[Pair]:
    rules: list[Phrased] = rng.sample(rulebook().sayable, count)
    chosen = [(rule, rng.choice(rule.do)) for rule in rules]
    return [(rng.choice((rule.text, rule.text, _noun(do))), do) for rule, do in chosen]


def _step_pair(rng: random.Random) -> Pair:
    step = rng.choice(rulebook().steps)
    return step.text, rng.choice(step.do)


def _noun(do: str) -> str:
    return do[:-1] + "기"


def _sentence(rng: random.Random, do: str) -> str:
    prose = everyday()["prose"]
    rule = next((r for r in rulebook().sayable if do in r.do), None)
    because = rng.choice(rule.because if rule else prose["because"]) if rng.random() < 0.6 else ""
    parts = (rng.choice(prose["openers"]), because, _said(rng, do))
    return " ".join(part for part in parts if part) + "."


def _said(rng: random.Random, do: str) -> str:
    return say(do, rng.choice(list(Ending)), verbs())


def _often(rng: random.Random, times: int) -> str:
    if times == 7:
        return rng.choice(("매일", "주 7회"))
    return rng.choice((f"주 {times}회", f"일주일에 {times}번"))


SENTENCES: Final[tuple[Kind, ...]] = (
    *[written_out] * 3,
    times_a_week,
    *[described] * 2,
    told_habits,
    chat,
)
COPYING: Final[tuple[Kind, ...]] = (*[looked_up] * 6, *[repeated] * 2)
"""Kinds of documents; one that stands here twice is written twice as often."""
