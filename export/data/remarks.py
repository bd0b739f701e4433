"""What a reader of photos left out or noticed: counted by reason, with a few names each."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

EXAMPLES: Final = 5


class BadData(ValueError):
    """A strict reader met what a tolerant one would leave out; the message names the file."""


class Reason(StrEnum):
    """The value is what a report says."""

    REPEATED_NAME = "left out: another copy of a photo"
    REPEATED_CONTENT = "left out: the content of another photo under another name"
    REPEATED_PICTURE = "left out: the picture of another photo, saved anew"
    OTHER_CONTENT = "left out: one name, different contents"
    OTHER_GRADES = "left out: one photo, different grades"
    NO_LABEL = "left out: no label"
    BAD_LABEL = "left out: a label that cannot be trusted"
    BAD_NAME = "left out: a name without session and site"
    BAD_ROW = "left out: a row that cannot be used"
    NOT_GRADED = "left out: not graded and signed by an operator yet"
    UNREADABLE = "left out: cannot be read or decoded whole"
    UNREADABLE_COPY = "left out: a copy that cannot be read; another one can"
    ORPHAN_LABEL = "noticed: a label without its photo"
    ORPHAN_METADATA = "noticed: answers without their photo"
    NO_METADATA = "noticed: a photo without answers"
    BAD_METADATA = "noticed: answers that are not JSON"
    OTHER_SITE = "noticed: the answers name another site than the file's name"
    OTHER_FOLDER = "noticed: the folder names another grade than the label"
    OTHER_FILE = "noticed: the label names another file"
    SHARED_PICTURE = "noticed: one picture in two sessions, which count as one from here on"
    SHARED_PICTURE_OTHER_GRADES = "noticed: one picture saved twice, with different grades"

    @property
    def is_left_out(self) -> bool:
        return self.value.startswith("left out")


_HARMLESS: Final = frozenset(
    {
        Reason.REPEATED_NAME,
        Reason.REPEATED_CONTENT,
        Reason.REPEATED_PICTURE,
        Reason.NOT_GRADED,
        Reason.NO_METADATA,
        Reason.ORPHAN_METADATA,
        Reason.SHARED_PICTURE,
    }
)
"""What is part of the data as it is published, or of work under way: no fault."""


@dataclass(slots=True)
class Remarks:
    """``is_strict``: a fault raises ``BadData`` instead of being counted. ``unknown_answers``: by
    key of the metadata file and answer."""

    is_strict: bool = False
    counts: Counter[Reason] = field(default_factory=Counter)
    examples: defaultdict[Reason, list[str]] = field(default_factory=lambda: defaultdict(list))
    unknown_answers: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, reason: Reason, name: str, detail: str = "") -> None:
        """Raises BadData where it is a fault and the reader is strict."""
        words = f"{name} ({detail})" if detail else name
        if self.is_strict and reason not in _HARMLESS:
            raise BadData(f"{words}: {reason}")
        self.counts[reason] += 1
        if len(self.examples[reason]) < EXAMPLES:
            self.examples[reason].append(words)

    @property
    def faults(self) -> int:
        return sum(count for reason, count in self.counts.items() if reason not in _HARMLESS)

    @property
    def left_out(self) -> int:
        return sum(count for reason, count in self.counts.items() if reason.is_left_out)
