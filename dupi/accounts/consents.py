"""Consents: given to a version of a document, withdrawn, kept as a history.

The documents' texts are in ``consent_documents.toml`` beside this file.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources as files
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.accounts.models import Consent, ConsentKind
from dupi.clock import utc_now
from dupi.errors import Conflict, InvalidInput, NotFound
from dupi.ids import new_id, sort_key
from dupi.knowledge.vocabulary import Locale

HISTORY_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class ConsentDocument:
    """``is_required``: without it, the service cannot be used for what it is for."""

    kind: ConsentKind
    version: str
    title: str
    body: str
    is_required: bool


@cache
def consent_documents(locale: Locale = Locale.KO) -> tuple[ConsentDocument, ...]:
    """The current documents, in the order in which they are asked for."""
    text = (files.files("dupi.accounts") / "consent_documents.toml").read_text("utf-8")
    return tuple(
        ConsentDocument(
            kind=ConsentKind(entry["kind"]),
            version=entry["version"],
            title=entry[locale.lower()]["title"],
            body=entry[locale.lower()]["body"].strip(),
            is_required=entry["is_required"],
        )
        for entry in tomllib.loads(text)["document"]
    )


def current_version(kind: ConsentKind) -> str | None:
    """Version of the document that is asked for now; ``None`` where there is none."""
    return next((d.version for d in consent_documents() if d.kind is kind), None)


async def grant(*, user_id: str, kind: ConsentKind, document_version: str) -> Consent:
    """Give a consent. The same again answers the one that holds.

    Raises InvalidInput (``kind``, ``documentVersion``), Conflict in a race that was lost twice.
    """
    _check_document(kind, document_version)
    for _ in range(2):
        standing = await find_standing(user_id=user_id, kind=kind)
        if standing is not None and standing.document_version == document_version:
            return standing
        if standing is not None:
            await _close(standing)
        try:
            return await _insert(user_id, kind, document_version)
        except DuplicateKeyError:
            continue
    raise Conflict("another consent was given meanwhile")


async def withdraw(*, user_id: str, kind: ConsentKind) -> Consent:
    """Raises NotFound where none holds."""
    standing = await find_standing(user_id=user_id, kind=kind)
    closed = standing and await _close(standing, is_owed_erasure=True)
    if not closed:
        raise NotFound(f"no consent to {kind} holds")
    return closed


async def list_owed_erasure(kind: ConsentKind, *, user_id: str | None = None) -> list[Consent]:
    """Withdrawn ones of a kind (and person) whose data is still to be removed, some at a time."""
    where = {"is_owed_erasure": True, "kind": kind.value} | (
        {"user_id": user_id} if user_id else {}
    )
    return [Consent.from_row(row) async for row in _consents().find(where).limit(HISTORY_LENGTH)]


async def settle_erasure(consent: Consent) -> None:
    """What was kept by this withdrawn consent is gone."""
    await _consents().update_one({"_id": consent.id}, {"$set": {"is_owed_erasure": False}})


async def find_standing(*, user_id: str, kind: ConsentKind) -> Consent | None:
    """The consent that holds, to whichever version of the document."""
    row = await _consents().find_one({"slot": _slot(user_id, kind)})
    return Consent.from_row(row) if row else None


async def find_all_standing(*, user_ids: Sequence[str], kind: ConsentKind) -> list[Consent]:
    """The consents of these people that hold, in no order."""
    slots = [_slot(user_id, kind) for user_id in user_ids]
    return [Consent.from_row(row) async for row in _consents().find({"slot": {"$in": slots}})]


async def list_consenting(
    kind: ConsentKind, *, after: str | None, at_most: int
) -> tuple[list[str], str | None]:
    """A page of the people whose consent to the current document holds, and where the next one
    begins; None after the last. Reads every consent of the kind, in the order of ids."""
    where = {"kind": kind.value} | ({"_id": {"$gt": after}} if after else {})
    rows = await _consents().find(where).sort("_id", ASCENDING).limit(at_most).to_list()
    consents = [Consent.from_row(row) for row in rows]
    version = current_version(kind)
    holding = [
        one.user_id
        for one in consents
        if one.slot == _slot(one.user_id, kind) and one.document_version == version
    ]
    return holding, consents[-1].id if len(consents) == at_most else None


async def find_consent(consent_id: str, *, user_id: str) -> Consent:
    """Whether it still holds or not. Raises NotFound."""
    row = await _consents().find_one({"_id": consent_id, "user_id": user_id})
    if row is None:
        raise NotFound(f"no consent {consent_id}")
    return Consent.from_row(row)


async def history(user_id: str) -> list[Consent]:
    """Newest first, the latest hundred."""
    rows = _consents().find({"user_id": user_id}).sort("sort_key", DESCENDING)
    return [Consent.from_row(row) async for row in rows.limit(HISTORY_LENGTH)]


async def forget_person(user_id: str) -> None:
    """Remove the history too. Safe to repeat."""
    await _consents().delete_many({"user_id": user_id})


def _check_document(kind: ConsentKind, version: str) -> None:
    current = current_version(kind)
    if current is None or kind is ConsentKind.PARTNER_SHARING:
        raise InvalidInput.at("kind")
    if version != current:
        raise InvalidInput.at("documentVersion")


async def _insert(user_id: str, kind: ConsentKind, document_version: str) -> Consent:
    now, consent_id = utc_now(), new_id()
    consent = Consent(
        id=consent_id,
        user_id=user_id,
        kind=kind,
        document_version=document_version,
        slot=_slot(user_id, kind),
        granted_at=now,
        sort_key=sort_key(now, consent_id),
    )
    await consent.insert()
    return consent


async def _close(consent: Consent, *, is_owed_erasure: bool = False) -> Consent | None:
    """End it, if it still holds: its slot becomes free for the next."""
    row = await _consents().find_one_and_update(
        {"_id": consent.id, "slot": consent.slot},
        {
            "$set": {
                "slot": consent.id,
                "withdrawn_at": utc_now(),
                "is_owed_erasure": is_owed_erasure,
            }
        },
        return_document=ReturnDocument.AFTER,
    )
    return Consent.from_row(row) if row else None


def _slot(user_id: str, kind: ConsentKind) -> str:
    return f"{user_id}:{kind}"


def _consents() -> AsyncCollection[dict[str, Any]]:
    return Consent.get_pymongo_collection()
