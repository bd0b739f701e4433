"""An analysis, the guide and the survey."""

from typing import Annotated

import strawberry

from dupi.analyses import service as analyses
from dupi.errors import NotFound
from dupi.knowledge.conditions import condition_guide
from dupi.knowledge.survey import survey_questions
from dupi.knowledge.vocabulary import Locale
from schema.analyses.guides import ConditionInfo, Survey
from schema.analyses.types import Analysis
from schema.context import Context, Info
from schema.relay import record_id


@strawberry.type
class AnalysisQueries:
    @strawberry.field
    def conditions(self, locale: Locale = Locale.KO) -> list[ConditionInfo]:
        return [ConditionInfo.from_model(found) for found in condition_guide(locale)]

    @strawberry.field
    def survey(self, locale: Locale = Locale.KO) -> Survey:
        return Survey.from_model(survey_questions(locale))

    @strawberry.field
    async def analysis(
        self, info: Info, id_: Annotated[strawberry.ID, strawberry.argument(name="id")]
    ) -> Analysis | None:
        """Null for what is absent or not yours."""
        try:
            return await load_analysis(info.context, record_id("Analysis", id_))
        except NotFound:
            return None


async def load_analysis(context: Context, analysis_id: str) -> Analysis:
    """Raises Unauthenticated, NotFound."""
    owner_id = context.signed_in.user_id
    found = await analyses.get_analysis(
        context.resources, owner_id=owner_id, analysis_id=analysis_id
    )
    return Analysis.from_model(found)
