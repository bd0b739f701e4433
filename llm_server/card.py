"""The card of an advisor version: ``advisor.json`` beside its weights."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

CARD_FILE: Final = "advisor.json"
SERVED_NAME: Final = "dupi-advisor"


@dataclass(frozen=True)
class Sampling:
    """Sampling settings; they are part of an advisor's version."""

    temperature: float = 0.2
    top_p: float = 0.9
    repetition_penalty: float = 1.0
    max_tokens: int = 320


@dataclass(frozen=True, slots=True)
class AdvisorCard:
    """``prompt``: the version of the prompt that it was trained on, and is asked by; ``rules``: the
    edition of the rules whose plans it learnt to tell.

    ``base``: where the weights are that the adapter belongs to: a name on the hub; absent: the
    folder ``base`` beside the adapter. ``source``: digest of what this version was made of.
    """

    version: str
    served_name: str = SERVED_NAME
    prompt: str = "1"
    rules: str = "1"
    sampling: Sampling = Sampling()
    base: str | None = None
    source: str = ""

    @classmethod
    def read(cls, folder: Path) -> Self:
        data = json.loads((folder / CARD_FILE).read_text("utf-8"))
        return cls(**{**data, "sampling": Sampling(**data["sampling"])})

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2)
        (folder / CARD_FILE).write_text(text + "\n", "utf-8")
