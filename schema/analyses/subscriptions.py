"""Following an analysis live."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from dupi.analyses import service as analyses
from dupi.errors import InvalidInput
from schema.analyses.events import AnalysisEvent, show_event
from schema.context import Info
from schema.relay import record_id


@strawberry.type
class AnalysisSubscriptions:
    @strawberry.subscription
    async def analysis_progress(
        self,
        info: Info,
        id_: Annotated[strawberry.ID, strawberry.argument(name="id")],
        after: int = 0,
    ) -> AsyncGenerator[AnalysisEvent, None]:
        """All events with a greater sequence, then new ones. After a reload: 0.

        Completes after the last AnalysisFinished, at once where that lies behind ``after``, and
        when the analysis is deleted. One that was retried has an AnalysisFinished of each attempt
        that failed, and goes on behind it.
        """
        context = info.context
        if after < 0:
            raise InvalidInput.at("after")
        updates = analyses.follow_progress(
            context.resources,
            owner_id=context.signed_in.user_id,
            analysis_id=record_id("Analysis", id_),
            after=after,
        )
        async with aclosing(updates):
            async for update in updates:
                yield await show_event(update, context)
