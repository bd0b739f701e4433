"""What the models answered to labelled photos: the one thing that all judging starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from export.data.items import NO_GRADE

SCALP: Final = "scalp"
Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Judged:
    """Photos and the answers to them, row by row; text is "" where it is not known.

    ``true`` int [n, 6], ``NO_GRADE`` throughout for a stranger (a photo that is no scalp);
    ``probabilities`` float [n, 6, 4]; ``domain`` float [n], the chance that it is a scalp;
    ``groups``: photos that stand or fall together, mostly a session; ``kinds``: ``SCALP``, or what
    kind of stranger.
    """

    true: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    domain: NDArray[np.float64]
    groups: Texts
    devices: Texts
    sites: Texts
    ages: Texts
    genders: Texts
    kinds: Texts

    def __len__(self) -> int:
        return len(self.true)

    @property
    def is_scalp(self) -> NDArray[np.bool_]:
        return np.asarray(self.true[:, 0] != NO_GRADE)

    @property
    def scalps(self) -> Self:
        return self[self.is_scalp]

    @property
    def graded(self) -> NDArray[np.int64]:
        """Most probable grades ``[n, 6]``."""
        return np.asarray(self.probabilities.argmax(axis=2), np.int64)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The chance of the most probable grade ``[n, 6]``, by which a finding abstains."""
        return np.asarray(self.probabilities.max(axis=2), np.float64)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which grades are exactly right ``[n, 6]``; never for a stranger."""
        return np.asarray(self.graded == self.true)

    def __getitem__(self, rows: NDArray[Any]) -> Self:
        """The photos of these rows alone, by number or by mask."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def kinds_of(true: NDArray[np.int64], kinds: Sequence[str] | None = None) -> Texts:
    """``SCALP`` for scalps; for strangers ``kinds``, or "stranger" where they are not known."""
    strangers = "stranger" if kinds is None else np.asarray(kinds, np.str_)
    return np.where(true[:, 0] != NO_GRADE, SCALP, strangers)
