"""Operators hide what should not be on the board, and bring it back; each act is on record.

The act is written into the content by the update that carries it out, and moved to the audit
records after that; upkeep moves what was cut off in between.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from dupi.accounts.fields import check
from dupi.clock import utc_now
from dupi.community.models import Comment, ContentKind, Post
from dupi.community.reporting import KINDS, ContentKey, close_reports
from dupi.community.texts import read_note
from dupi.documents import plain
from dupi.errors import NotFound
from dupi.operations.audit import Act, Actor, AuditEvent, event_id, record
from dupi.pictures import Keeping

_AT_ONCE: Final = 100

_Rows = AsyncCollection[dict[str, Any]]


async def hide_content(*, content: ContentKey, reason: str, actor: Actor) -> Post | Comment:
    """Take it off the board, for a reason that its author sees. Hiding it again for the same
    reason changes nothing. Raises InvalidInput (``reason``), NotFound."""
    text = read_note(reason)
    check(reason=text)
    changed = {"is_hidden": True, "hidden_reason": str(text)}
    return await _act(Act.HIDE_CONTENT, content, changed, actor)


async def restore_content(*, content: ContentKey, actor: Actor) -> Post | Comment:
    """Bring it back; of what is not hidden, the reports are closed. Raises NotFound."""
    changed = {"is_hidden": False, "hidden_reason": ""}
    return await _act(Act.RESTORE_CONTENT, content, changed, actor)


async def settle_audits() -> int:
    """Write the records that are still owed; of how many things."""
    done = 0
    for kind, document in KINDS.items():
        rows = document.get_pymongo_collection()
        owing = await rows.find({"audits_owed": {"$gt": 0}}).limit(_AT_ONCE).to_list()
        for row in owing:
            await _settle(rows, kind, row)
        done += len(owing)
    return done


async def _act(
    act: Act, content: ContentKey, changed: dict[str, Any], actor: Actor
) -> Post | Comment:
    kind, content_id = content
    rows = KINDS[kind].get_pymongo_collection()
    before = await _found(rows, kind, content_id)
    is_so = all(before[name] == value for name, value in changed.items())
    if not is_so:
        before = await _carry_out(rows, content, changed, _entry(act, before, changed, actor))
        await _settle(rows, kind, before)
    await close_reports(content_id)
    return KINDS[kind].from_row(before)


async def _carry_out(
    rows: _Rows, content: ContentKey, changed: dict[str, Any], entry: dict[str, Any]
) -> dict[str, Any]:
    """As it is after that. Raises NotFound where it went meanwhile."""
    owed = {f"owed_audits.a{uuid4().hex}": entry}
    after = await rows.find_one_and_update(
        _standing(*content),
        {"$set": changed | owed, "$inc": {"audits_owed": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if after is None:
        raise NotFound(f"no content {content[1]}")
    return after


async def _found(rows: _Rows, kind: ContentKind, content_id: str) -> dict[str, Any]:
    row = await rows.find_one(_standing(kind, content_id))
    if row is None:
        raise NotFound(f"no content {content_id}")
    return row


def _standing(kind: ContentKind, content_id: str) -> dict[str, Any]:
    """A tombstone holds nothing to hide."""
    where: dict[str, Any] = {"_id": content_id, "keeping": Keeping.KEPT.value}
    return where | ({"counts": True} if kind is ContentKind.COMMENT else {})


def _entry(
    act: Act, before: Mapping[str, Any], changed: Mapping[str, Any], actor: Actor
) -> dict[str, Any]:
    return {
        "act": act.value,
        "actor": plain(actor),
        "before": {name: before[name] for name in changed},
        "after": dict(changed),
        "at": utc_now(),
    }


async def _settle(rows: _Rows, kind: ContentKind, row: Mapping[str, Any]) -> None:
    """Safe to repeat: a record's id is made of its act."""
    for name, entry in row["owed_audits"].items():
        act = Act(entry["act"])
        await record(
            AuditEvent(
                id=event_id(act, f"{row['_id']}:{name}"),
                object_kind=kind.value,
                object_id=row["_id"],
                note=entry["after"]["hidden_reason"] or None,
                **entry,
            )
        )
        owed = f"owed_audits.{name}"
        await rows.update_one(
            {"_id": row["_id"], owed: {"$exists": True}},
            {"$unset": {owed: ""}, "$inc": {"audits_owed": -1}},
        )
