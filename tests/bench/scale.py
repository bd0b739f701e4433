"""How much is measured."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """``repeats`` of ``seconds`` each; ``crowds``: how many call at once."""

    repeats: int
    seconds: float
    crowds: tuple[int, ...]


FULL: Final = Scale(repeats=5, seconds=1.5, crowds=(1, 4, 16))
QUICK: Final = Scale(repeats=2, seconds=0.2, crowds=(1, 2))
