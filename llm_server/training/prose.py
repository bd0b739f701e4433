"""Prose of the base text: tips, diaries, letters, questions and answers.

Tips tell what is good for anyone's scalp. None is written to a person, and none follows a prompt.
"""

import random
from functools import cache
from typing import Final

from dupi.knowledge.korean import josa
from dupi.knowledge.rulebook import Phrased
from llm_server.training.ways import Word, because, care_ways, ended, joined, wordings
from llm_server.training.words import (
    Kind,
    any_deed,
    book,
    company,
    deed,
    everyday,
    noun,
    said,
    title,
)

_FIRST: Final = 0xAC00
_FINALS: Final = 28
_SSANG_SIOT: Final = 20


def tips(rng: random.Random) -> str:
    """What is good for a scalp, and why; for anyone."""
    rules = rng.sample(book().sayable, rng.randint(3, 6))
    heads = ("두피를 지키는 생활", "머리를 감을 때", "모발 이야기", "알아 두면 좋은 것", "")
    sentences = [_tip(rng, rule) for rule in rules]
    head = rng.choice(heads)
    return f"{head}\n{' '.join(sentences)}" if head else " ".join(sentences)


def _tip(rng: random.Random, rule: Phrased) -> str:
    ways = care_ways(rule)
    endings = wordings("forms")["endings"]
    do = rng.choice(ways.do)
    stock = [getattr(ways, kind) for kind in ("when", "why", "aim") if getattr(ways, kind)]
    lead = because(rng.choice(rng.choice(stock)), rng) if stock and rng.random() < 0.8 else ""
    if ways.gain and rng.random() < 0.25:
        end = f"{ended(do, '{myeon}')} {rng.choice(ways.gain)}"
    else:
        end = ended(do, rng.choice(endings["not" if do.endswith("않다") else "any"]))
    opener = rng.choice([*wordings("forms")["joiners"], "", "", "", ""])
    return " ".join(part for part in (opener, lead, end) if part) + "."


def diary(rng: random.Random) -> str:
    """A day: the weather, what was done, how it felt."""
    stories = everyday()["stories"]
    sentences = [f"{rng.choice(stories['days'])} {rng.choice(stories['weathers'])}"]
    sentences += [_done(rng) for _ in range(rng.randint(2, 5))]
    sentences.append(rng.choice(stories["feelings"]))
    return f"{title(rng)} {' '.join(sentences)}"


def _done(rng: random.Random) -> str:
    one, two = (deed(rng)[1] for _ in range(2))
    with_whom = company(rng)
    kind = rng.randrange(4)
    if kind == 0 or one.endswith("않다"):
        return f"{with_whom}{past(one)}."
    if kind == 1:
        return f"{with_whom}{joined(one)} {past(two)}."
    if kind == 2:
        return f"{noun(one)} 전에 {with_whom}{past(two)}."
    return f"{ended(one, '{a}서')} {rng.choice(everyday()['stories']['feelings'])}"


def letter(rng: random.Random) -> str:
    """A greeting, news, a wish, a good-bye."""
    stories, prose = everyday()["stories"], everyday()["prose"]
    who = rng.choice(everyday()["people"])
    middle = [_done(rng) if rng.random() < 0.5 else rng.choice(prose["facts"]) for _ in range(3)]
    middle.append(f"{rng.choice(prose['because'])} {said(rng, any_deed(rng)[1])}.")
    texts = (rng.choice(stories["greetings"]), *middle, rng.choice(stories["partings"]))
    return f"{who}에게\n{' '.join(texts)}"


def asked(rng: random.Random) -> str:
    """A question and what someone says to it."""
    stories = everyday()["stories"]
    one, two = rng.sample(stories["speakers"], 2)
    name, facts = rng.choice(_known())
    question = rng.choice(stories["questions"]).format(thing=Word(name))
    answer = [rng.choice(stories["answers"]), rng.choice(facts)]
    answer += [f"{said(rng, any_deed(rng)[1])}." for _ in range(rng.randint(0, 2))]
    thanks = rng.choice(("", f"\n{one}: 알려 주셔서 고마워요.", f"\n{one}: 그렇게 해 볼게요."))
    return f"{one}: {question}\n{two}: {' '.join(answer)}{thanks}"


@cache
def _known() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Things that some fact is about, with those facts."""
    facts = (*everyday()["prose"]["facts"], *(rule.reason for rule in book().sayable))
    about = {name: tuple(f for f in facts if f.startswith(name)) for name in everyday()["names"]}
    return tuple((name, told) for name, told in about.items() if told)


def defined(rng: random.Random) -> str:
    """Several facts in a row."""
    facts = [*everyday()["prose"]["facts"], *(rule.reason for rule in book().sayable)]
    return " ".join(rng.sample(facts, rng.randint(2, 5)))


def chosen(rng: random.Random) -> str:
    """What people choose by, use and feel: the words of the survey in sentences."""
    words = everyday()
    names = rng.sample([*words["survey"], *words["names"]], rng.randint(2, 5))
    person = josa(rng.choice(words["people"]), "은/는")
    listed = josa(", ".join(names), "을/를")
    end = rng.choice(
        ("골랐어요", "적었어요", "물어봤어요", "중요하게 봐요", "먼저 살펴요", "챙겨요")
    )
    return f"{person} {listed} {end}. {rng.choice(words['prose']['facts'])}"


def past(do: str) -> str:
    """A deed that was done: 머리를 감았어요."""
    head, _, verb = do.rpartition(" ")
    if verb == "않다":
        return f"{head} 않았어요"
    a = ended(verb, "{a}").strip()
    last = chr(ord(a[-1]) + _SSANG_SIOT) if (ord(a[-1]) - _FIRST) % _FINALS == 0 else a[-1]
    return f"{head} {a[:-1]}{last}어요"


PROSE: Final[tuple[Kind, ...]] = (*[tips] * 4, diary, letter, asked, defined, chosen)
