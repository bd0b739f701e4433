"""Who did what, and when: for operators."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import strawberry

from dupi.errors import NotFound
from dupi.operations import audit
from dupi.operations.audit import Act, ActorKind
from schema.accounts.authors import Author, load_author
from schema.context import Context, Info
from schema.relay import (
    Connection,
    Node,
    connection,
    given,
    global_id,
    page_request,
    parse_id,
)


@strawberry.type
class AuditActor:
    """``name``: of an account on the machine; ``requestId`` leads to the logs."""

    user_id: strawberry.Private[str | None]
    kind: ActorKind
    name: str | None
    request_id: str | None

    @classmethod
    def from_model(cls, actor: audit.Actor) -> Self:
        return cls(
            user_id=actor.user_id, kind=actor.kind, name=actor.name, request_id=actor.request_id
        )

    @strawberry.field
    async def author(self, info: Info) -> Author | None:
        """Null for the command line, for the platform itself, and for who has left."""
        return await load_author(info.context, self.user_id)


@strawberry.type
class AuditChange:
    """``before`` and ``after`` as JSON text; null where there was or is nothing."""

    field: str
    before: str | None
    after: str | None


@strawberry.type
class AuditEvent(Node):
    act: Act
    object_kind: str
    object_id: strawberry.ID
    actor: AuditActor
    changes: list[AuditChange]
    note: str | None
    at: datetime

    @classmethod
    def from_model(cls, event: audit.AuditEvent) -> Self:
        return cls(
            id=global_id("AuditEvent", event.id),
            act=event.act,
            object_kind=event.object_kind,
            object_id=global_id(event.object_kind, event.object_id),
            actor=AuditActor.from_model(event.actor),
            changes=_changes(event.before, event.after),
            note=event.note,
            at=event.at,
        )


@strawberry.type
class AuditQueries:
    @strawberry.field
    async def audit_events(  # noqa: PLR0913, PLR0917  (as the contract's connections)
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        object_id: strawberry.ID | None = strawberry.UNSET,
    ) -> Connection[AuditEvent] | None:
        """Newest first; ``objectId``: of one thing alone. Role OPERATOR."""
        _ = info.context.operator
        page, wanted = page_request(first, after, last, before), given(object_id)
        record = _record(wanted) if wanted is not None else None
        found = await audit.list_events(page=page, object_id=record)
        return connection(found, AuditEvent.from_model)


async def load_audit_event(context: Context, event_id: str) -> AuditEvent:
    """Raises Unauthenticated, NotFound, also for anyone who is no operator."""
    context.refuse_as_absent()
    return AuditEvent.from_model(await audit.get_event(event_id=event_id))


def _record(text: str) -> str:
    """Nonsense names nothing: there are no events of it."""
    try:
        return parse_id(text)[1]
    except NotFound:
        return "-"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[AuditChange]:
    return [
        AuditChange(field=name, before=_text(before, name), after=_text(after, name))
        for name in dict.fromkeys([*before, *after])
    ]


def _text(values: Mapping[str, Any], name: str) -> str | None:
    if name not in values:
        return None
    return json.dumps(values[name], ensure_ascii=False, default=str)
