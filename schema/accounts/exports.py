"""Archives of all that is kept of a person: asked for, followed, fetched."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from dupi.accounts import export_models
from dupi.accounts import exports as domain
from dupi.accounts.export_models import DataExportStatus
from dupi.clock import from_epoch_ms
from dupi.errors import Conflict
from schema.context import Context, Info
from schema.errors import (
    ConflictError,
    InvalidInputError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from schema.relay import Node, given, global_id


@strawberry.type
class DataExport(Node):
    """``url``: of the ZIP, once READY; ask again, do not store. It goes at ``expiresAt``, and as
    soon as a photo or an analysis is deleted, for it holds copies of them."""

    status: DataExportStatus
    progress: float
    size_bytes: float | None
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None
    url: str | None

    @classmethod
    def from_model(cls, export: export_models.DataExport, context: Context) -> Self:
        is_ready = export.status is DataExportStatus.READY
        ends = export.expires_at_ms
        return cls(
            id=global_id("DataExport", export.id),
            status=export.status,
            progress=export.progress,
            size_bytes=float(export.size_bytes) if is_ready else None,
            created_at=export.created_at,
            completed_at=export.completed_at,
            expires_at=from_epoch_ms(ends) if ends else None,
            url=context.media_url(export.key) if is_ready else None,
        )


@strawberry.input
class RequestDataExportInput:
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class RequestDataExportPayload:
    data_export: DataExport


RequestDataExportResult: TypeAlias = Annotated[
    RequestDataExportPayload
    | InvalidInputError
    | UnauthenticatedError
    | ConflictError
    | RateLimitedError
    | UnavailableError,
    strawberry.union("RequestDataExportResult"),
]


@strawberry.type
class DataExportMutations:
    @strawberry.mutation
    async def request_data_export(
        self, info: Info, input: RequestDataExportInput
    ) -> RequestDataExportResult:
        """One at a time, and a few a day. Ask ``node`` for how far it is."""
        context, principal = info.context, info.context.signed_in
        try:
            export = await domain.request_data_export(
                context.resources,
                user_id=principal.user_id,
                idempotency_key=given(input.idempotency_key),
            )
        except Conflict as conflict:
            if conflict.current_id is not None:
                conflict.current_id = global_id("DataExport", conflict.current_id)
            raise
        return RequestDataExportPayload(data_export=DataExport.from_model(export, context))


async def load_data_export(context: Context, export_id: str) -> DataExport:
    owner_id = context.signed_in.user_id
    export = await domain.get_data_export(user_id=owner_id, export_id=export_id)
    return DataExport.from_model(export, context)
