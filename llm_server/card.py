"""The card of an advisor version: ``advisor.json`` beside its weights."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

CARD_FILE: Final = "advisor.json"
SERVED_NAME: Final = "dupi-advisor"
_PROMPT_MARK: Final = "prompt-"
_RULES_MARK: Final = "rules-"
_VERSION: Final = re.compile(rf"(?!{_PROMPT_MARK}|{_RULES_MARK})[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}")
"""What begins with a mark would be read as something else than a version where it is served."""


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
        """Raises ValueError for a version that cannot be served."""
        data = json.loads((folder / CARD_FILE).read_text("utf-8"))
        card = cls(**{**data, "sampling": Sampling(**data["sampling"])})
        card.refuse_unservable()
        return card

    def write(self, folder: Path) -> None:
        """Raises ValueError for a version that cannot be served."""
        self.refuse_unservable()
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2)
        (folder / CARD_FILE).write_text(text + "\n", "utf-8")

    @property
    def served_names(self) -> tuple[str, ...]:
        """By which vLLM serves it; all but the first tell clients what it is: the version that
        answers, the prompt that it is asked by, the edition of the rules that it learnt."""
        told = (self.version, f"{_PROMPT_MARK}{self.prompt}", f"{_RULES_MARK}{self.rules}")
        return (self.served_name, *(f"{self.served_name}:{one}" for one in told))

    def refuse_unservable(self) -> None:
        """Raises ValueError for a version that cannot be served."""
        if not _VERSION.fullmatch(self.version):
            raise ValueError(f"{self.version!r} cannot be the version of an advisor")
