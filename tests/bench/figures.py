"""What a bench finds: figures with their spread, in rows, in tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

LOW: Final = 10
HIGH: Final = 90
"""Percentiles of the repeats that the spread is told by."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of ``values`` (one a repeat), and between what eight of ten of them lie."""

    median: float
    low: float
    high: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Raises ``ValueError`` where there are none."""
        if not values:
            raise ValueError("a figure needs a value at least")
        low, median, high = (float(p) for p in np.percentile(values, (LOW, 50, HIGH)))
        return cls(median, low, high, tuple(float(value) for value in values))

    def as_json(self) -> dict[str, Any]:
        return {
            "median": self.median,
            "low": self.low,
            "high": self.high,
            "n": len(self.values),
            "values": list(self.values),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one thing by their names, which say the unit; ``at_once``: calls at a time."""

    what: str
    figures: Mapping[str, Figure]
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that are read side by side; ``notes`` say what was measured and how."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        """Names of all figures, in the order in which they are met."""
        return list(dict.fromkeys(name for row in self.rows for name in row.figures))

    def as_json(self) -> dict[str, Any]:
        rows = [
            {
                "what": row.what,
                "at_once": row.at_once,
                "figures": {name: figure.as_json() for name, figure in row.figures.items()},
            }
            for row in self.rows
        ]
        return {"title": self.title, "notes": list(self.notes), "rows": rows}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a section came to; ``problem`` says why it did not come to its end."""

    section: str
    seconds: float
    tables: Sequence[Table] = field(default_factory=tuple)
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "section": self.section,
            "seconds": round(self.seconds, 1),
            "problem": self.problem,
            "tables": [table.as_json() for table in self.tables],
        }
