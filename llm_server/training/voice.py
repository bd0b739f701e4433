"""A voice: a few endings and joining words that a text keeps to."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from llm_server.training.told import NOTHING, Told
from llm_server.training.ways import NEGATION, ended, wordings

ENDINGS_A_TEXT: Final = 6


@dataclass(slots=True)
class Voice:
    rng: random.Random
    endings: list[str]
    opener: str
    joiners: list[str]
    closer: str
    comma: float
    last_word: str = ""
    """How the sentence before ended."""
    clauses: set[str] = field(default_factory=set)
    """Clauses about the person that were said already."""

    @classmethod
    def of(cls, rng: random.Random) -> "Voice":
        forms = wordings("forms")
        return cls(
            rng=rng,
            endings=rng.sample(forms["endings"]["any"], ENDINGS_A_TEXT),
            opener=rng.choice(["", *forms["openers"]]),
            joiners=rng.sample(forms["joiners"], 3),
            closer=rng.choice(["", *forms["closers"]]),
            comma=rng.choice((0.0, 0.3, 0.6)),
        )

    def ending(self, do: str, endings: Sequence[str]) -> str:
        if do.endswith(NEGATION):
            endings = wordings("forms")["endings"]["not"]
        left = [ending for ending in endings if ending.split()[-1] != self.last_word]
        return self.rng.choice(left or endings)

    def remember(self, sentence: str, facts: Told = NOTHING) -> None:
        """What the sentences that follow should not say again."""
        self.last_word = sentence.rsplit(maxsplit=1)[-1].strip(".")
        stems = (clause[:-1] for clause in (*facts.cause, *facts.ground))
        if any(stem in sentence for stem in stems):
            self.clauses.update((*facts.cause, *facts.ground))

    def lead(self, clause: str) -> str:
        return f"{clause}," if len(clause) > 8 and self.rng.random() < self.comma else clause

    def deed(self, ways: Sequence[str]) -> str:
        do = self.rng.choice(ways)
        return ended(do, self.ending(do, self.endings))


def sentence_of(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part) + "."
