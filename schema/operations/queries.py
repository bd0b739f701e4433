"""Models and deployments. For operators alone."""

import strawberry

from dupi.operations import service as operations
from schema.context import Info
from schema.operations.types import Deployment, ServedModel
from schema.relay import Connection, connection, page_request


@strawberry.type
class OperationQueries:
    @strawberry.field
    async def deployments(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection[Deployment] | None:
        """Newest first. Role OPERATOR."""
        _ = info.context.operator
        page = page_request(first, after, last, before)
        return connection(await operations.list_deployments(page=page), Deployment.from_model)

    @strawberry.field
    async def live_deployment(self, info: Info) -> Deployment | None:
        """Null until the first one is live. Role OPERATOR."""
        _ = info.context.operator
        live = await operations.find_live_deployment()
        return Deployment.from_model(live) if live else None

    @strawberry.field
    async def models(self, info: Info) -> list[ServedModel] | None:
        """Trunk, heads and in-domain head with every published version, and the advisor with those
        that are served. Role OPERATOR."""
        _ = info.context.operator
        found = await operations.list_models(info.context.resources)
        return [ServedModel.from_listed(model) for model in found]
