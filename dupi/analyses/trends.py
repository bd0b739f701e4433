"""How one condition went over time: a point for each photo on which it was graded."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pymongo import DESCENDING

from dupi.analyses.grading import expected_grade
from dupi.analyses.models import Analysis, AnalysisStatus
from dupi.clock import from_epoch_ms
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from dupi.paging import time_bounds
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

MOST_POINTS: Final = 500
_MOST_ANALYSES: Final = 1000
"""The newest that are looked through, for photos on which the condition was graded."""
_BATCH: Final = 100
_DONE: Final = {"keeping": Keeping.KEPT.value, "status": AnalysisStatus.COMPLETED.value}
_FIELDS: Final = {"photo_findings": 1, "sort_key": 1}


@dataclass(frozen=True, slots=True)
class TrendFilter:
    """By when the analyses were asked for: ``since`` is inclusive, ``until`` exclusive."""

    site: ScalpSite | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """``at``: when the analysis was asked for; ``score``: the expected grade, 0 to 3."""

    at: datetime
    site: ScalpSite
    severity: Severity
    score: float
    analysis_id: str
    model_version: str


Trends = dict[Condition, list[TrendPoint]]


async def read_trends(
    resources: "Resources",
    *,
    owner_id: str,
    conditions: Collection[Condition],
    where: TrendFilter = TrendFilter(),
) -> Trends:
    """Of these conditions, oldest first, the latest :data:`MOST_POINTS` at most; of completed
    analyses. Findings that abstained are no points. One read, however many conditions."""
    query: dict[str, Any] = {"owner_id": owner_id} | _DONE
    if bounds := time_bounds(where.since, where.until):
        query["sort_key"] = bounds
    if where.site:
        query["sites"] = where.site.value
    found = Analysis.get_pymongo_collection().find(query, _FIELDS, batch_size=_BATCH)
    trends: Trends = {condition: [] for condition in conditions}
    async with found.sort("sort_key", DESCENDING).limit(_MOST_ANALYSES) as rows:
        async for row in rows:
            _add(trends, row, where.site)
            if all(len(points) >= MOST_POINTS for points in trends.values()):
                break
    return {condition: points[:MOST_POINTS][::-1] for condition, points in trends.items()}


def _add(trends: Trends, row: dict[str, Any], site: ScalpSite | None) -> None:
    """Points of one analysis: its last photo first, for the whole is turned round in the end.

    Rows stay as the store gives them: a thousand analyses hold some twenty thousand findings.
    """
    for photo in reversed(row["photo_findings"]):
        if site in (None, photo["site"]):
            for finding in photo["findings"]:
                if finding["condition"] in trends and finding["severity"] is not None:
                    trends[Condition(finding["condition"])].append(_point(row, finding))


def _point(row: dict[str, Any], finding: dict[str, Any]) -> TrendPoint:
    return TrendPoint(
        at=from_epoch_ms(int(row["sort_key"].partition("-")[0])),
        site=ScalpSite(finding["site"]),
        severity=Severity(finding["severity"]),
        score=expected_grade(finding["probabilities"]),
        analysis_id=row["_id"],
        model_version=finding["model_version"],
    )
