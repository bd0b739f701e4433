"""What changed between two analyses of one person, photo by photo. Pure.

Two photos are compared where they show the same site and their qualities (0 to 1, measured when
they were taken in: the weakest of sharpness, contrast and light) lie no more than a quarter apart:
what is seen on a sharp photo and not on a blurred one has not grown worse. Of two such photos a
condition is compared where it was graded on both; where a finding abstained there is nothing to
compare. Grades of different model versions are compared all the same, and say so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dupi.analyses.models import FindingRecord, PhotoFindingsRecord
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity

MOST_QUALITY_APART: Final = 0.25
_SITES: Final = tuple(ScalpSite)


class ChangeDirection(StrEnum):
    BETTER = "BETTER"
    SAME = "SAME"
    WORSE = "WORSE"


@dataclass(frozen=True, slots=True)
class FindingChange:
    """``model_changed``: other versions graded then and now, which may be all that changed."""

    condition: Condition
    site: ScalpSite
    before: Severity
    after: Severity
    model_changed: bool

    @property
    def direction(self) -> ChangeDirection:
        if self.after == self.before:
            return ChangeDirection.SAME
        return ChangeDirection.BETTER if self.after < self.before else ChangeDirection.WORSE


def changes_between(
    before: Sequence[PhotoFindingsRecord],
    after: Sequence[PhotoFindingsRecord],
    qualities: Mapping[str, float],
) -> tuple[FindingChange, ...]:
    """Per condition and site, in the order of ``Condition`` and ``ScalpSite``; empty where the two
    cannot be compared. ``qualities``: by photo; a photo that has none there is not compared."""
    changes = [
        change
        for earlier, later in _pairs(before, after)
        if _are_alike(qualities.get(earlier.photo_id), qualities.get(later.photo_id))
        for change in _changes(earlier, later)
    ]
    return tuple(sorted(changes, key=_position))


def _position(change: FindingChange) -> tuple[int, int]:
    return tuple(Condition).index(change.condition), _SITES.index(change.site)


def _pairs(
    before: Sequence[PhotoFindingsRecord], after: Sequence[PhotoFindingsRecord]
) -> Iterator[tuple[PhotoFindingsRecord, PhotoFindingsRecord]]:
    """Photos of the same site; an analysis has one of a site at most."""
    earlier = {photo.site: photo for photo in before}
    return ((earlier[photo.site], photo) for photo in after if photo.site in earlier)


def _are_alike(one: float | None, other: float | None) -> bool:
    # Rounded: 0.8 and 0.55 lie a quarter apart, and floats would have it a little more.
    return (
        one is not None and other is not None and round(abs(one - other), 6) <= MOST_QUALITY_APART
    )


def _changes(before: PhotoFindingsRecord, after: PhotoFindingsRecord) -> Iterator[FindingChange]:
    earlier = {finding.condition: finding for finding in before.findings}
    for later in after.findings:
        was = earlier.get(later.condition)
        if was and was.severity is not None and later.severity is not None:
            yield FindingChange(
                condition=later.condition,
                site=after.site,
                before=was.severity,
                after=later.severity,
                model_changed=_graded_by(was) != _graded_by(later),
            )


def _graded_by(finding: FindingRecord) -> tuple[str, str]:
    return finding.model, finding.model_version
