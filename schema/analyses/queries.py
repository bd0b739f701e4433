"""An analysis, any node, the guide and the survey."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import strawberry

from dupi.analyses import service as analyses
from dupi.errors import NotFound
from dupi.knowledge.conditions import condition_guide
from dupi.knowledge.survey import survey_questions
from dupi.knowledge.vocabulary import Locale
from schema.analyses.guides import ConditionInfo, Survey
from schema.analyses.types import Analysis, Photo
from schema.context import Context, Info
from schema.relay import Node, parse_id, record_id


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
            return await _load_analysis(info.context, record_id("Analysis", id_))
        except NotFound:
            return None

    @strawberry.field
    async def node(
        self, info: Info, id_: Annotated[strawberry.ID, strawberry.argument(name="id")]
    ) -> Node | None:
        """Null for what is absent or not yours."""
        try:
            kind, identity = parse_id(id_)
            load = _LOADERS.get(kind)
            return await load(info.context, identity) if load else None
        except NotFound:
            return None


async def _load_analysis(context: Context, analysis_id: str) -> Analysis:
    owner_id = context.signed_in.user_id
    found = await analyses.get_analysis(
        context.resources, owner_id=owner_id, analysis_id=analysis_id
    )
    return Analysis.from_model(found)


async def _load_photo(context: Context, photo_id: str) -> Photo:
    owner_id = context.signed_in.user_id
    found = await analyses.get_photo(context.resources, owner_id=owner_id, photo_id=photo_id)
    return Photo.from_model(found, context)


_LOADERS: Final[dict[str, Callable[[Context, str], Awaitable[Node]]]] = {
    "Analysis": _load_analysis,
    "Photo": _load_photo,
}
