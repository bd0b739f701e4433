"""What others see of an analysis: the parts that its owner ticked, and nothing else."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Self

import strawberry

from dupi.analyses import models
from dupi.analyses.sharing import AnalysisPart
from dupi.knowledge.notice import analysis_notice
from schema.analyses.plan_types import Advice, Plan, SurveyAnswers
from schema.analyses.types import Finding, Photo, load_photos, show_findings
from schema.context import Info


@strawberry.type
class SharedAnalysis:
    """A part that is not shared is null (ATTENTION_MAPS: ``attentionMapUrl``)."""

    model: strawberry.Private[models.Analysis]
    parts: list[AnalysisPart]
    completed_at: datetime

    @classmethod
    def from_model(cls, analysis: models.Analysis, parts: Collection[AnalysisPart]) -> Self:
        """``analysis`` is completed. Parts in the order of AnalysisPart."""
        if analysis.completed_at is None:
            raise ValueError(f"analysis {analysis.id} is not completed")
        shown = [part for part in AnalysisPart if part in parts]
        return cls(model=analysis, parts=shown, completed_at=analysis.completed_at)

    @strawberry.field
    def notice(self, info: Info) -> str:
        """No diagnosis; what the models were trained on."""
        return analysis_notice(info.context.locale)

    @strawberry.field
    def findings(self, info: Info) -> list[Finding] | None:
        if AnalysisPart.FINDINGS not in self.parts:
            return None
        shown = show_findings(self.model.findings, info.context)
        if AnalysisPart.ATTENTION_MAPS in self.parts:
            return shown
        return [replace(finding, attention_map_url=None) for finding in shown]

    @strawberry.field
    async def photos(self, info: Info) -> list[Photo] | None:
        if AnalysisPart.PHOTOS not in self.parts:
            return None
        photos = await load_photos(self.model, info.context)
        return [Photo.from_model(photo, info.context) for photo in photos]

    @strawberry.field
    def plan(self) -> Plan | None:
        is_shown = AnalysisPart.PLAN in self.parts and self.model.plan
        return Plan.from_model(self.model.plan) if is_shown and self.model.plan else None

    @strawberry.field
    def advice(self) -> Advice | None:
        is_shown = AnalysisPart.ADVICE in self.parts and self.model.advice
        return Advice.from_model(self.model.advice) if is_shown and self.model.advice else None

    @strawberry.field
    def survey(self) -> SurveyAnswers | None:
        is_shown = AnalysisPart.SURVEY in self.parts
        return SurveyAnswers.from_model(self.model.survey) if is_shown else None
