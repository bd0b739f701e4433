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
    """``source``: digest of the weights that this version was made of."""

    version: str
    served_name: str = SERVED_NAME
    sampling: Sampling = Sampling()
    source: str = ""

    @classmethod
    def read(cls, folder: Path) -> Self:
        data = json.loads((folder / CARD_FILE).read_text("utf-8"))
        return cls(**{**data, "sampling": Sampling(**data["sampling"])})

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2)
        (folder / CARD_FILE).write_text(text + "\n", "utf-8")
