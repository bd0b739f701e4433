"""The wordings of the training texts: ``wordings/*.toml``, over the rules' own words.

An action or a step that the files do not know yet is written with what ``rules.toml`` says of it.
"""

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from dupi.knowledge.korean import josa
from dupi.knowledge.rulebook import NEWEST, Phrased, rulebook

WORDINGS: Final = Path(__file__).with_name("wordings")
EVERYDAY_FILE: Final = Path(__file__).with_name("everyday.toml")
NEGATION: Final = "않다"
_NO_MEURO: Final = frozenset("거기노느드머부사")
"""Last syllables before -니 of stems that end in ㄹ (드니, but 들므로)."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways of saying one action or step; see ``wordings/care.toml`` for what each is."""

    when: tuple[str, ...]
    do: tuple[str, ...]
    why: tuple[str, ...]
    aim: tuple[str, ...]
    gain: tuple[str, ...]
    say: tuple[str, ...]


class Word(str):
    """A slot's value: ``{dye:이/가}`` writes it with the fitting particle."""

    def __format__(self, pair: str) -> str:
        return josa(self, pair) if pair else str(self)


@cache
def wordings(name: str) -> Mapping[str, Any]:
    """A file of the wordings by its name without ``.toml``."""
    return tomllib.loads((WORDINGS / f"{name}.toml").read_text("utf-8"))


@cache
def verbs() -> Mapping[str, tuple[str, str, str]]:
    """Every verb that a deed may end in: its forms in -아/어, -는 and -(으)면."""
    everyday = tomllib.loads(EVERYDAY_FILE.read_text("utf-8"))["verbs"]
    own = {**everyday, **wordings("verbs"), **rulebook(NEWEST).verbs}
    return {verb: (a, neun, myeon) for verb, (a, neun, myeon) in own.items()}


def care_ways(rule: Phrased) -> Ways:
    """Ways of saying an action or a shampoo."""
    return _ways(rule, wordings("care").get(rule.code, {}))


def step_ways(step: Phrased) -> Ways:
    """Ways of saying a step of the routine; its ``say`` hold ``{often}``."""
    return _ways(step, wordings("routine")["step"].get(step.code, {}))


def _ways(rule: Phrased, row: Mapping[str, Sequence[str]]) -> Ways:
    return Ways(
        when=tuple(row.get("when", ())),
        do=tuple(dict.fromkeys((*rule.do, *row.get("do", ())))),
        why=tuple(dict.fromkeys((*rule.because, *row.get("why", ())))),
        aim=tuple(row.get("aim", ())),
        gain=tuple(row.get("gain", ())),
        say=tuple(row.get("say", ())),
    )


def because(clause: str, rng: random.Random) -> str:
    """A clause in -니 as it is, or in -니까, or in -므로; any other as it is."""
    if not clause.endswith("니"):
        return clause
    others = ["니까"] if clause[-2] in _NO_MEURO else ["니까", "므로"]
    return clause[:-1] + rng.choice(["니", "니", "니", *others])


def ended(do: str, ending: str) -> str:
    """A deed in dictionary form with ``ending`` (``{a}``, ``{neun}``, ``{myeon}``)."""
    head, _, verb = do.rpartition(" ")
    a, neun, myeon = verbs()[verb]
    return f"{head} {ending.format(a=a, neun=neun, myeon=myeon)}"


def joined(do: str) -> str:
    """A deed that another follows: 머리를 감고."""
    return do.removesuffix("다") + "고"
