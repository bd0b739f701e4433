"""A person's history: what changed since the analysis before, and points of a trend."""

from datetime import datetime
from typing import Self

import strawberry

from dupi.analyses import comparing, trends
from dupi.analyses.comparing import ChangeDirection
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from schema.relay import global_id


@strawberry.type
class FindingChange:
    """Of one condition on one site, since ``comparedWith``. ``modelChanged``: another version of
    the model graded then, which may be all that changed."""

    condition: Condition
    site: ScalpSite
    before: Severity
    after: Severity
    direction: ChangeDirection
    model_changed: bool

    @classmethod
    def from_model(cls, change: comparing.FindingChange) -> Self:
        return cls(
            condition=change.condition,
            site=change.site,
            before=change.before,
            after=change.after,
            direction=change.direction,
            model_changed=change.model_changed,
        )


@strawberry.type
class TrendPoint:
    """``score``: the expected grade, 0 to 3."""

    at: datetime
    site: ScalpSite
    severity: Severity
    score: float
    analysis_id: strawberry.ID
    model_version: str

    @classmethod
    def from_model(cls, point: trends.TrendPoint) -> Self:
        return cls(
            at=point.at,
            site=point.site,
            severity=point.severity,
            score=point.score,
            analysis_id=global_id("Analysis", point.analysis_id),
            model_version=point.model_version,
        )
