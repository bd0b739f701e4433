"""Who did what, and when: one record for each act of those who run the platform.

A record's id is made of the act and its object, so that writing it again changes nothing. What an
act changes says itself, in the same write, that its record is owed (``is_audit_owed``) and holds
all that the record needs; so a crash between the two loses none: it is written later.
"""

import getpass
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import NAMESPACE_OID, uuid5

from pydantic import BaseModel, ConfigDict, Field
from pymongo import DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument
from dupi.errors import NotFound
from dupi.ids import sort_key
from dupi.paging import Page, PageRequest, fetch_page


class Act(StrEnum):
    """What was done. Grows."""

    PROMOTE_MODEL = "PROMOTE_MODEL"
    ROLL_BACK_DEPLOYMENT = "ROLL_BACK_DEPLOYMENT"
    SHADOW_MODEL = "SHADOW_MODEL"
    CHANGE_SHADOW = "CHANGE_SHADOW"
    STOP_SHADOW = "STOP_SHADOW"
    GIVE_ROLE = "GIVE_ROLE"
    EXPORT_CONSENTED = "EXPORT_CONSENTED"
    HIDE_CONTENT = "HIDE_CONTENT"
    RESTORE_CONTENT = "RESTORE_CONTENT"


class ActorKind(StrEnum):
    PERSON = "PERSON"
    COMMAND_LINE = "COMMAND_LINE"
    """Somebody with access to the machine; ``name`` is the account there."""
    PLATFORM = "PLATFORM"
    """Nobody: a consequence of something else."""


class Actor(BaseModel):
    """Who acts. ``user_id`` for a person; ``request_id`` leads to the logs."""

    model_config = ConfigDict(frozen=True)

    kind: ActorKind
    user_id: str | None = None
    name: str | None = None
    request_id: str | None = None

    @classmethod
    def at_command_line(cls) -> Self:
        return cls(kind=ActorKind.COMMAND_LINE, name=getpass.getuser())


PLATFORM = Actor(kind=ActorKind.PLATFORM)


class AuditEvent(StoredDocument):
    """``before`` and ``after``: what the act changed, in the words of its object."""

    act: Act
    object_kind: str
    object_id: str
    actor: Actor
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)
    note: str | None = None
    at: UtcDatetime = Field(default_factory=utc_now)
    sort_key: str = ""

    class Settings:
        name = "audit_events"
        indexes: ClassVar = [
            IndexModel([("sort_key", DESCENDING)], name="newest"),
            IndexModel([("object_id", DESCENDING)], name="object"),
        ]


async def record(event: AuditEvent) -> None:
    """Write ``event``; nothing happens where one with its id is on record already."""
    event.sort_key = sort_key(event.at, event.id)
    try:
        await event.insert()
    except DuplicateKeyError:
        return


async def list_events(*, page: PageRequest, object_id: str | None = None) -> Page[AuditEvent]:
    """Newest first; ``object_id``: of one thing alone."""
    return await fetch_page(AuditEvent, {"object_id": object_id} if object_id else {}, page)


async def get_event(*, event_id: str) -> AuditEvent:
    """Raises NotFound."""
    found = await AuditEvent.get(event_id)
    if found is None:
        raise NotFound(f"no audit event {event_id}")
    return found


def event_id(act: Act, object_id: str) -> str:
    """Of an act that an object can see once."""
    return str(uuid5(NAMESPACE_OID, f"{act}:{object_id}"))
