"""Text of the project's own for the base model: everyday Korean and scalp care.

It teaches words, sentence forms and the skill of writing a list out in sentences. It holds no
prompt of the advisor and no advice: those are the LoRA's (see ``pairs.py``).
"""

import random
from collections.abc import Iterator
from functools import cache
from typing import Final

from dupi.knowledge.korean import josa, listed
from llm_server.training.prose import PROSE
from llm_server.training.ways import EVERYDAY_FILE, WORDINGS, Word
from llm_server.training.words import (
    CARE_SHARE,
    Kind,
    book,
    care_pairs,
    deed,
    everyday,
    said,
    sentence,
    step_pair,
    told,
)

GROUNDS: Final = (
    "{n:이/가} {v:으로/로} 보이니",
    "{n:은/는} {v:이라고/라고} 하셨으니",
    "{n:이/가} {v}인 만큼",
)
SEPARATORS: Final = (" / ", ", ", "\n- ", "\n")


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
    pairs = care_pairs(rng, count) if care else [deed(rng) for _ in range(count)]
    separator = rng.choice(SEPARATORS)
    head, lead = rng.choice(everyday()["prose"]["list_heads"]), told(rng)
    items = separator.join(item for item, _ in pairs)
    start = separator if separator.startswith("\n") else " "
    sentences = " ".join(sentence(rng, do) for _, do in pairs)
    return f"{head}:{start}{items}\n{lead} {sentences}"


def times_a_week(rng: random.Random) -> str:
    """Deeds with how often a week, and the same in sentences."""
    pairs = [step_pair(rng) if rng.random() < 0.5 else deed(rng) for _ in range(rng.randint(2, 5))]
    times = [rng.choice((1, 1, 2, 3, 4, 5, 6, 7, 7)) for _ in pairs]
    items = " / ".join(f"{item} 주 {n}회" for (item, _), n in zip(pairs, times, strict=True))
    told_out = [
        f"{_often(rng, n)} {said(rng, do)}." for (_, do), n in zip(pairs, times, strict=True)
    ]
    head = rng.choice(everyday()["prose"]["list_heads"])
    return f"{head}: {items}\n{told(rng)} {' '.join(told_out)}"


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
        f"{where} {group}: {table}{left_row}\n{told(rng)} {where} {group}에서 {plain} {end}.{tail}"
    )


def told_habits(rng: random.Random) -> str:
    """Habits and feelings as a table and as someone tells them."""
    words = everyday()
    habits = [
        (h, rng.choice(words["often"])) for h in rng.sample(words["habits"], rng.randint(1, 4))
    ]
    feelings = listed(rng.sample(words["feelings"], rng.randint(1, 3)))
    table = ", ".join(f"{habit} {often}" for habit, often in habits)
    row = ", ".join(f"{josa(habit, '은/는')} {often}" for habit, often in habits)
    who = rng.choice((*words["people"], "설문"))
    first = rng.choice((f"{row} 하신다고 답하셨어요.", f"{who}에서 {row} 하신다고 하셨어요."))
    felt = josa(feelings, "이/가") + rng.choice((" 있다고 답하셨어요.", " 느껴진다고 하셨어요."))
    return f"{who}: {table}\n느낌: {feelings}\n{told(rng)} {first} {felt}"


def looked_up(rng: random.Random) -> str:
    """A table whose contents cannot be guessed, and its rows told in another order.

    Invented words leave nothing to go by but the table itself: what a small model learns here is
    to look a row up and to copy it, which is what telling a plan asks of it.
    """
    labels = rng.sample((*everyday()["names"], *everyday()["groups"]), rng.randint(2, 6))
    rows = {label: _row(rng) for label in labels}
    table = "\n".join(f"{label}: {row}" for label, row in rows.items())
    asked = rng.sample(labels, rng.randint(1, len(labels)))
    end = rng.choice(("보여요", "나타났어요", "확인돼요", "적혀 있어요"))
    answers = (f"{label}에서 {josa(rows[label], '으로/로')} {end}." for label in asked)
    return f"{table}\n{told(rng)} {' '.join(answers)}"


def grounded(rng: random.Random) -> str:
    """A table, things to do, and each told with a row of the table as its reason.

    The rows and the deeds have nothing to do with one another: only the table says what to write.
    """
    names = rng.sample(everyday()["names"], rng.randint(2, 6))
    known = {Word(name): Word(_value(rng)) for name in names}
    deeds = [deed(rng) for _ in range(rng.randint(2, 5))]
    table = ", ".join(f"{name:은/는} {value}" for name, value in known.items())
    items = " / ".join(item for item, _ in deeds)
    head = rng.choice(everyday()["prose"]["list_heads"])
    sentences = (f"{_ground(rng, known)}{said(rng, do)}." for _, do in deeds)
    return f"{table}\n{head}: {items}\n{told(rng)} {' '.join(sentences)}"


def _ground(rng: random.Random, known: dict[Word, Word]) -> str:
    if rng.random() < 0.4:
        return ""
    name, value = rng.choice(list(known.items()))
    ways = (
        "{n:이/가} {v:으로/로} 보이니",
        "{n:은/는} {v:이라고/라고} 하셨으니",
        "{n:이/가} {v}인 만큼",
    )
    return rng.choice(ways).format(n=name, v=value) + " "


def _value(rng: random.Random) -> str:
    values = (*everyday()["values"], *everyday()["often"], _word(rng), _word(rng))
    return str(rng.choice(values))


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
    files = (EVERYDAY_FILE, *sorted(WORDINGS.glob("*.toml")))
    text = " ".join(path.read_text("utf-8") for path in files)
    text += " ".join(rule.reason for rule in book().sayable)
    return tuple(sorted({char for char in text if "가" <= char <= "힣"}))


def _often(rng: random.Random, times: int) -> str:
    if times == 7:
        return rng.choice(("매일", "주 7회"))
    return rng.choice((f"주 {times}회", f"일주일에 {times}번"))


SENTENCES: Final[tuple[Kind, ...]] = (
    *[written_out] * 3,
    *[times_a_week] * 2,
    *[described] * 2,
    told_habits,
    *PROSE,
)
COPYING: Final[tuple[Kind, ...]] = (*[looked_up] * 6, *[grounded] * 6, *[repeated] * 2)
"""Kinds of documents; one that stands here twice is written twice as often."""
